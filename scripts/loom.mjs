/** The ring's own code under loom: every interleaving of its two words, within loom's bounds. */
import { join } from 'node:path'
import { fail, root, run } from './lib/run.mjs'
import { cargoIsMissing } from './setup/native.mjs'

const why = cargoIsMissing()
if (why !== undefined) fail(`loom: ${why}`)
const args = ['test', '--release', '--package', 'repod-net', '--test', 'loom']
run('cargo', [...args, ...process.argv.slice(2)], {
  env: { RUSTFLAGS: '--cfg repod_loom', CARGO_TARGET_DIR: join(root, 'target-loom') },
})
