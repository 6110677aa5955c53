/** What repod is built for: one row per file in prebuilds/. */

/** The oldest glibc that a build may ask for; CentOS 7's, and older than any Node >= 20 needs. */
export const GLIBC_FLOOR = '2.17'

/** Of one binary, stripped, in bytes. */
export const MAX_BINARY = 2 * 2 ** 20

/**
 * `on` is the platform whose linker does it: zig serves every Linux from Linux; Apple's and
 * Microsoft's libraries are only on their own systems.
 */
export const TARGETS = [
  linux('linux-x64', 'glibc', 'x86_64-unknown-linux-gnu', 'x86_64'),
  linux('linux-arm64', 'glibc', 'aarch64-unknown-linux-gnu', 'aarch64'),
  linux('linux-x64', 'musl', 'x86_64-unknown-linux-musl', 'x86_64'),
  linux('linux-arm64', 'musl', 'aarch64-unknown-linux-musl', 'aarch64'),
  other('darwin-x64', 'x86_64-apple-darwin', 'mach-o', 'x86_64'),
  other('darwin-arm64', 'aarch64-apple-darwin', 'mach-o', 'aarch64'),
  other('win32-x64', 'x86_64-pc-windows-msvc', 'pe', 'x86_64'),
  other('win32-arm64', 'aarch64-pc-windows-msvc', 'pe', 'aarch64'),
]

function linux(folder, libc, rust, machine) {
  // An untagged name would match both libcs, and the wrong one would be loaded.
  const file = `prebuilds/${folder}/repod.${libc}.node`
  return { name: `${folder}-${libc}`, file, rust, on: 'linux', format: 'elf', machine, libc }
}

function other(folder, rust, format, machine) {
  const file = `prebuilds/${folder}/repod.node`
  return { name: folder, file, rust, on: folder.split('-')[0], format, machine, libc: undefined }
}
