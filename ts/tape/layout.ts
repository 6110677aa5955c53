/**
 * The records that cross between the JS thread and the engine, both ways. The Rust twin is
 * `crates/repod-codec/src/tape.rs`; a test holds the two equal.
 *
 * All words are little-endian u32. A record begins at a multiple of 8 bytes and is a multiple of 8
 * long; word 0 is `kind | words << 8`, the length in words of the whole record, so a reader steps
 * over any record by its header. Records never wrap in the ring: FILLER ends a lap.
 *
 * Inward (engine -> JS), words 1 and on:
 *   FILLER   -
 *   TAPE     index, generation, payload bytes, shape, doubles, ints, short text bytes;
 *            then f64 x doubles, i32 x ints, short text, long text (see below)
 *   BYTES    index, generation, payload bytes; then the payload, already validated
 *   HELD     index, generation, payload bytes, held id: `fetch` copies the payload, validated
 *   SHAPE    shape, description bytes, 0; then the description. Comes before the shape's first TAPE
 *   OPENED   index, generation, endpoint, port, family (4 or 6), scope id, 0; then 16 address bytes
 *   FAULT    index, generation, fault code (1 + its place in FAULT_CODES), detail (0 or 1 + its place
 *            in DETAILS), the refused length or 0, 0, 0
 *   DRAINED  index, generation, 0
 *   CLOSED   index, generation, end (1 + its place in END_CODES)
 *   RESULT   request, 0, errno or 0 (0xffffffff: UNSUPPORTED), port, family, scope id, 0; then 16
 *            address bytes (of LISTEN; else 0)
 *
 * Fields of a TAPE record stand in the order of the shape (pre-order): an i32, a boolean (0, 1), the
 * length of a text and the count of an array each take one int; an f64 one double; nil, a constant
 * text and an empty array nothing. Text is Latin-1: up to SHORT_TEXT characters it stands in the
 * short text, longer in the long text, each in order.
 *
 * A description (of a shape): a type is one byte, then
 *   I32 F64 BOOLEAN NIL TEXT EMPTY_ARRAY   -
 *   OBJECT     u16 count; count x { u16 key bytes, key in UTF-8, type }
 *   ARRAY      type of each element
 *   CONSTANT   u16 bytes, text in UTF-8: the action, at the root only
 * u16 are little-endian. The root is an OBJECT whose `action` is a CONSTANT.
 *
 * Outward (JS -> engine), in chunks:
 *   FRAME       index, generation, frame bytes; then the frame (length prefix and payload)
 *   FRAMES      count, 0, frame bytes; then the frame; at the next multiple of 8: count x
 *               { index, generation }
 *   PAUSE       index, generation, 0
 *   RESUME      index, generation, 0
 *   QUIET       index, generation, 0 or 1
 *   ASK_DRAINED index, generation, bytes
 *   CLOSE       index, generation, timeout ms (0: reset at once)
 *   RELEASE     index, generation, 0
 *   ENDPOINT    endpoint, 0, 0; then one word for each of ENDPOINT_WORDS, in order
 *   LISTEN      endpoint, request, port, family, scope id, flags, backlog; then 16 address bytes
 *   DIAL        the same; flags and backlog 0
 *   QUIESCE     endpoint, request, 0
 *   STOP        endpoint, request, 0
 * A chunk's first word counts the ranges of it that the engine is done with (it alone writes it);
 * its records begin at CHUNK_HEADER.
 */
export const ABI_VERSION = 1

export const INBOUND = {
  FILLER: 0,
  TAPE: 1,
  BYTES: 2,
  HELD: 3,
  SHAPE: 4,
  OPENED: 5,
  FAULT: 6,
  DRAINED: 7,
  CLOSED: 8,
  RESULT: 9,
} as const

export const OUTBOUND = {
  FRAME: 1,
  FRAMES: 2,
  PAUSE: 3,
  RESUME: 4,
  QUIET: 5,
  ASK_DRAINED: 6,
  CLOSE: 7,
  RELEASE: 8,
  ENDPOINT: 9,
  LISTEN: 10,
  DIAL: 11,
  QUIESCE: 12,
  STOP: 13,
} as const

export const TYPE = {
  I32: 1,
  F64: 2,
  BOOLEAN: 3,
  NIL: 4,
  TEXT: 5,
  OBJECT: 6,
  ARRAY: 7,
  CONSTANT: 8,
  EMPTY_ARRAY: 9,
} as const

export const END_CODES = ['PEER_CLOSED', 'PEER_RESET', 'CLOSED', 'NATIVE_PANIC'] as const

/** The words of an ENDPOINT record behind its header: options by name (`noDelay` as 0 or 1). */
export const ENDPOINT_WORDS = [
  'maxFrameLength',
  'maxDepth',
  'maxElements',
  'maxMapEntries',
  'maxKeyLength',
  'maxActionLength',
  'closeTimeout',
  'noDelay',
] as const

/** Bytes before the fields: of a TAPE record, of records of four words, of a chunk's records. */
export const TAPE_HEADER = 32
export const HEADER = 16
export const CHUNK_HEADER = 16
/** A text of at most this many characters is a substring of the record's short text. */
export const SHORT_TEXT = 12
/** Connections of one counters page: one word each, the flushed bytes modulo 2^32. */
export const PAGE_CONNECTIONS = 4096
/** Words of the engine's page: counts that only the engine writes. */
export const ENGINE_PAGE = { turns: 0, reads: 1, writes: 2, copiedBytes: 3, wakeUps: 4 } as const
export const ENGINE_PAGE_WORDS = 64
export const LISTEN_FLAGS = { reusePort: 1, ipv6Only: 2 } as const
