/** All tests: the crates', then everything through Node; arguments are vitest's. */

import { testCrates } from './lib/crates.mjs'
import { tool } from './lib/run.mjs'
import { cargoIsMissing } from './setup/native.mjs'
import { environmentOf, setup } from './setup.mjs'

const leftOut = setup()
if (cargoIsMissing() === undefined) testCrates()
tool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)], { env: environmentOf(leftOut) })
