/** A message as it is now: what is sent before there is a connection to write to. */
import { bytesOfView, entriesOf, kindOf, timeOf } from './codec/kinds.js'
import type { Message } from './message.js'
import type { EndpointOptions } from './options.js'

/**
 * A copy that is the same on the wire and that nobody else can change; each property is read once.
 * It judges nothing: what cannot be sent is kept as it is, so that the frame writer refuses it and
 * names its path.
 */
export function snapshot(message: Message, options: EndpointOptions): Message {
  return copyOf(message, 1, options) as Message
}

function copyOf(value: unknown, depth: number, options: EndpointOptions): unknown {
  // What is nested too deep, a cycle among it, is for the writer to refuse.
  if (typeof value !== 'object' || value === null || depth > options.maxDepth) return value
  if (Array.isArray(value)) {
    // An element takes a byte at least: what is longer is refused, and not worth a walk.
    if (!(value.length <= options.maxOutboundFrameLength)) return value
    return Array.from(value, (each: unknown) => copyOf(each, depth + 1, options))
  }
  switch (kindOf(value)) {
    case 'fields':
      return copyOfFields(value, depth, options)
    case 'map': {
      const entries = entriesOf(value)
      if (entries === undefined) return value
      return new Map([...entries].map(([key, each]) => [key, copyOf(each, depth + 1, options)]))
    }
    case 'date': {
      const time = timeOf(value)
      return time === undefined ? value : new Date(time)
    }
    case 'view':
      return bytesOfView(value as ArrayBufferView)?.slice() ?? value
    case 'buffer':
      return (value as ArrayBuffer).slice(0)
    default:
      return value
  }
}

/** Without a prototype: `__proto__` is then a key like any other, which the writer refuses. */
function copyOfFields(object: object, depth: number, options: EndpointOptions): object {
  const copy: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(object)) {
    copy[key] = copyOf((object as Record<string, unknown>)[key], depth + 1, options)
  }
  return copy
}
