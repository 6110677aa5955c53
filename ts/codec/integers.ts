/** The msgpack integer that begins at `at`: a number where that is exact, else a bigint. */
export function integerAt(bytes: Uint8Array, at: number): number | bigint {
  const head = bytes[at] as number
  switch (head) {
    case 0xcc:
      return bytes[at + 1] as number
    case 0xcd:
      return uint16(bytes, at + 1)
    case 0xce:
      return int32(bytes, at + 1) >>> 0
    case 0xcf:
      return wide(int32(bytes, at + 1) >>> 0, int32(bytes, at + 5) >>> 0)
    case 0xd0:
      return ((bytes[at + 1] as number) << 24) >> 24
    case 0xd1:
      return (uint16(bytes, at + 1) << 16) >> 16
    case 0xd2:
      return int32(bytes, at + 1)
    case 0xd3:
      return wide(int32(bytes, at + 1), int32(bytes, at + 5) >>> 0)
    default:
      return head < 0x80 ? head : head - 0x100
  }
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

export function int32(bytes: Uint8Array, at: number): number {
  return (uint16(bytes, at) << 16) | uint16(bytes, at + 2)
}

function wide(high: number, low: number): number | bigint {
  const value = high * 0x1_0000_0000 + low
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low)
}
