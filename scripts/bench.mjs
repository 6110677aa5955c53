/** Sets up, then runs the benchmarks; arguments are theirs: a cell's name, `--quick`. */
import { join } from 'node:path'
import { root, run } from './lib/run.mjs'
import { setup } from './setup.mjs'

setup({ quiet: true, python: false })
run(process.execPath, [join(root, 'bench/run.mjs'), ...process.argv.slice(2)])
