/** A native transport on an engine that the test plays, and a log of its events. */
import { afterEach, beforeEach, expect } from 'vitest'
import { type EndpointOptions, parseServerOptions } from '../../../ts/options.js'
import { OUTBOUND, TYPE } from '../../../ts/tape/layout.js'
import type { ObjectShape } from '../../../ts/tape/shapes.js'
import { NativeTransport } from '../../../ts/transport/native.js'
import type { Connection, Endpoint, EndpointEvents } from '../../../ts/transport/transport.js'
import { FakeEngine } from '../../support/fake-engine.js'
import {
  describeShape,
  flatten,
  resultRecord,
  shapeRecord,
  tapeRecord,
  type Where,
  type Who,
} from '../../support/records.js'

export const options: EndpointOptions = parseServerOptions({ ringBytes: 4096 })
export const HERE: Where = { port: 5071, family: 4, address: [127, 0, 0, 1] }
export const ADDRESS = { host: '127.0.0.1', port: 5071, family: 'IPv4' } as const
export const A: Who = { index: 0, generation: 0 }

const SHAPE: ObjectShape = {
  type: TYPE.OBJECT,
  fields: [
    { key: 'action', value: { type: TYPE.CONSTANT, text: 'move' } },
    { key: 'x', value: { type: TYPE.I32 } },
  ],
}
/** Defines the shape of `moves`. */
export const DEFINED: Uint8Array = shapeRecord(1, describeShape(SHAPE))

export function moves(who: Who, ...xs: number[]): Uint8Array[] {
  return xs.map((x) => tapeRecord(who, 9, 1, flatten(SHAPE, { action: 'move', x })))
}

export class Rig {
  readonly engine: FakeEngine = new FakeEngine()
  readonly transport: NativeTransport = new NativeTransport(this.engine, () => this.clock)
  readonly log: unknown[][] = []
  readonly endpoints: Endpoint[] = []
  clock = 0
  /** What a handler does with a message. */
  onMessage: (connection: Connection, message: { action: string; x?: unknown }) => void = () =>
    undefined

  open(given: EndpointOptions = options, name = ''): Endpoint {
    const endpoint = this.transport.endpoint(this.#events(name), given)
    this.endpoints.push(endpoint)
    return endpoint
  }

  /** As the engine answers. A stop that was asked for before needs no answer. */
  async stop(endpoint: Endpoint): Promise<void> {
    const { engine, transport } = this
    const before = engine.sent.length
    const done = endpoint.stop()
    transport.flush()
    if (engine.sent.slice(before).some((sent) => sent.kind === OUTBOUND.STOP)) {
      engine.write(resultRecord(engine.request(OUTBOUND.STOP), 0))
      transport.look()
    }
    await done
  }

  /** The names of the events so far. */
  get names(): unknown[] {
    return this.log.map(([name]) => name)
  }

  #events(name: string): EndpointEvents {
    const add = (what: string, ...rest: unknown[]): void => {
      this.log.push([`${name}${what}`, ...rest])
    }
    return {
      opened: (connection, address) => add('opened', connection, address),
      message: (connection, action, message, bytes) => {
        add('message', connection, action, message, bytes)
        this.onMessage(connection, message)
      },
      fault: (connection, fault) => add('fault', connection, fault),
      drained: (connection) => add('drained', connection),
      closed: (connection, code) => add('closed', connection, code),
    }
  }
}

/** A fresh rig per test, whose engine must be gone after it. */
export function useRig(): () => Rig {
  let rig: Rig
  beforeEach(() => {
    rig = new Rig()
  })
  afterEach(async () => {
    rig.onMessage = () => undefined
    for (const endpoint of rig.endpoints) if (rig.engine.isOpen) await rig.stop(endpoint)
    expect(rig.engine.isOpen).toBe(false)
  })
  return () => rig
}
