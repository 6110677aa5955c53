/** What an object is on the wire, where it is neither an array nor plain. */
export type Kind = 'fields' | 'map' | 'date' | 'view' | 'buffer' | { readonly refused: string }

const FIELDS: Kind = 'fields'

/** Objects whose contents are in no property: as a map of their fields they would arrive empty. */
const REFUSED = [
  'Set',
  'RegExp',
  'Error',
  'DOMException',
  'Promise',
  'WeakMap',
  'WeakSet',
  'WeakRef',
  'Number',
  'String',
  'Boolean',
  'Symbol',
  'BigInt',
] as const

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['Map', 'map'],
  ['Date', 'date'],
  ['ArrayBuffer', 'buffer'],
  ['SharedArrayBuffer', 'buffer'],
  ...REFUSED.map((name): [string, Kind] => [
    name,
    { refused: `${/^E/.test(name) ? 'an' : 'a'} ${name}` },
  ]),
])

/**
 * By tag, not by `instanceof`: an object of another realm (a test runner's, a vm's) is the same
 * thing. A tag can be feigned, so what depends on it asks for the real thing again.
 */
export function kindOf(value: object): Kind {
  if (ArrayBuffer.isView(value)) return 'view'
  const tag: string = Object.prototype.toString.call(value).slice(8, -1)
  const kind = KINDS.get(tag)
  if (kind !== undefined) return kind
  return value instanceof Error ? { refused: 'an Error' } : FIELDS
}

const mapSize = getterOf(Map.prototype, 'size')
const mapEntries = Map.prototype.entries
const dateTime = Date.prototype.getTime

/** Entries of a real Map, whatever its class overrides; undefined if it is none. */
export function entriesOf(value: object): IterableIterator<[unknown, unknown]> | undefined {
  return attempt(() => mapEntries.call(value as Map<unknown, unknown>))
}

export function sizeOf(value: object): number {
  return mapSize.call(value) as number
}

/** ms since 1970, NaN for an invalid Date, undefined for what is no Date. */
export function timeOf(value: object): number | undefined {
  return attempt(() => dateTime.call(value as Date))
}

const TypedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype)
const viewParts = {
  typed: partsOf(TypedArrayPrototype),
  data: partsOf(DataView.prototype),
}

/**
 * A view's bytes, as they are now, by the language's own accessors: a subclass may have others.
 * Undefined where there are none any more (the memory was transferred, or shrank below the view).
 */
export function bytesOfView(view: ArrayBufferView): Uint8Array | undefined {
  const parts = view instanceof DataView ? viewParts.data : viewParts.typed
  return attempt(() => {
    const length = parts.byteLength.call(view) as number
    return new Uint8Array(
      parts.buffer.call(view) as ArrayBuffer,
      parts.byteOffset.call(view) as number,
      length,
    )
  })
}

export function bytesOfBuffer(buffer: object): Uint8Array | undefined {
  return attempt(() => new Uint8Array(buffer as ArrayBuffer, 0, (buffer as ArrayBuffer).byteLength))
}

function partsOf(prototype: object) {
  return {
    buffer: getterOf(prototype, 'buffer'),
    byteOffset: getterOf(prototype, 'byteOffset'),
    byteLength: getterOf(prototype, 'byteLength'),
  }
}

function getterOf(prototype: object, name: string): (this: unknown) => unknown {
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get
  if (getter === undefined) throw new Error(`no accessor ${name}`)
  return getter
}

/** The language's own accessors throw a TypeError on what is not theirs: that is the answer here. */
function attempt<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
