/** One suite, every transport: what holds for one has to hold for the other. */
import { describe } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { backpressure } from './backpressure.contract.js'
import { connecting } from './connecting.contract.js'
import { dispatching } from './dispatch.contract.js'
import { framing } from './framing.contract.js'
import { inboxes } from './inbox.contract.js'
import { large } from './large.contract.js'
import { lifecycle } from './lifecycle.contract.js'
import { limits } from './limits.contract.js'
import { msgpack } from './msgpack.contract.js'
import { observing } from './observing.contract.js'
import { reentrancy } from './reentrancy.contract.js'
import { seam } from './seam.contract.js'
import { sender } from './sender.contract.js'
import { stopping } from './stopping.contract.js'
import { identity } from './transports.contract.js'
import { values } from './values.contract.js'

const families = [
  backpressure,
  connecting,
  dispatching,
  framing,
  inboxes,
  large,
  lifecycle,
  limits,
  msgpack,
  observing,
  reentrancy,
  seam,
  sender,
  stopping,
  identity,
  values,
]

for (const kind of TRANSPORTS) {
  // Far more than any test takes: what waits for an event gives up by itself, and says for which.
  describe(kind, { timeout: 60_000 }, () => {
    for (const family of families) family(kind)
  })
}
