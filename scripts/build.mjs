/** Builds what is stale: native engine, dist/ and the examples. */
import { setup } from './setup.mjs'

setup({ python: false })
