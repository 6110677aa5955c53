import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isExecutable, npm, root, run } from '../lib/run.mjs'

/** Exact: on an older Node, npm may quietly answer a range with an older version. */
export const OTHER_NODES = ['22.23.3', '24.21.0', '26.10.0']

/** The path of that Node, from npm into a folder of its own under build/. */
export function nodeBinary(version) {
  const folder = join(root, 'build/nodes', version)
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const binary = join(folder, 'node_modules', name, 'bin/node')
  if (!isExecutable(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const [command, before] = npm()
    run(command, [...before, 'install', '--ignore-scripts', '--no-save', `${name}@${version}`], {
      cwd: folder,
    })
  }
  return binary
}
