/** The crates' own checks, as `npm test` and `npm run check` run them. */
import { run } from './run.mjs'

/** With the ways to provoke a panic, which no build that is handed out has. */
export function testCrates(env = {}) {
  run('cargo', ['test', '--workspace', '--features', 'repod-net/test-hooks', '--quiet'], { env })
}

/** The load generator of the benchmarks is a workspace of its own. */
const WORKSPACES = ['Cargo.toml', 'bench/load/Cargo.toml']

export function checkFormat() {
  for (const manifest of WORKSPACES) {
    run('cargo', ['fmt', '--manifest-path', manifest, '--all', '--check'])
  }
}

export function checkLints() {
  for (const manifest of WORKSPACES) {
    const what = ['--manifest-path', manifest, '--workspace', '--all-targets', '--all-features']
    run('cargo', ['clippy', ...what, '--quiet', '--', '-D', 'warnings'])
  }
}
