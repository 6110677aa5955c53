import { networkInterfaces } from 'node:os'
import { expect, it } from 'vitest'
import { packAddress, unpackAddress } from '../../../ts/transport/address.js'

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.padEnd(32, '0'), 'hex'))
}

it.each([
  ['127.0.0.1', 4, '7f000001'],
  ['0.0.0.0', 4, '00000000'],
  ['255.254.253.252', 4, 'fffefdfc'],
  ['::', 6, '00'],
  ['::1', 6, '00000000000000000000000000000001'],
  ['2001:db8::ff00:42:8329', 6, '20010db8000000000000ff0000428329'],
  ['1:2:3:4:5:6:7:8', 6, '00010002000300040005000600070008'],
  ['1:0:0:4::', 6, '0001000000000004'],
  ['FE80::A', 6, 'fe80000000000000000000000000000a'],
] as const)('packs %s', (host, family, hex) => {
  expect(packAddress(host)).toEqual({ family, scope: 0, bytes: bytes(hex) })
})

it.each([
  [4, '7f000001', '127.0.0.1'],
  [6, '00', '::'],
  [6, '00000000000000000000000000000001', '::1'],
  [6, '20010db8000000000000ff0000428329', '2001:db8::ff00:42:8329'],
  [6, '00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
  [6, '00010000000000040000000000000008', '1:0:0:4::8'],
  [6, '00010000000300040000000000070008', '1:0:3:4::7:8'],
  [6, '00010000000300040005000600070008', '1:0:3:4:5:6:7:8'],
  [6, '00010000000000000005000000000000', '1::5:0:0:0'],
  [6, '0000000000000000ffff00000a000001', '::ffff:0:a00:1'],
] as const)('unpacks family %i, %s', (family, hex, host) => {
  const address = { host, port: 5071, family: family === 4 ? 'IPv4' : 'IPv6' }
  expect(unpackAddress(family, bytes(hex), 5071, 0)).toEqual(address)
})

it('folds an IPv4 address inside IPv6', () => {
  expect(packAddress('::ffff:10.0.0.1')?.bytes).toEqual(bytes('00000000000000000000ffff0a000001'))
  const mapped = bytes('00000000000000000000ffff0a000001')
  expect(unpackAddress(6, mapped, 1, 0)).toEqual({ host: '10.0.0.1', port: 1, family: 'IPv4' })
})

it('packs a scope by number and by the name of an interface', () => {
  expect(packAddress('fe80::1%7')).toMatchObject({ family: 6, scope: 7 })
  expect(unpackAddress(6, bytes('fe80'), 1, 4_000_000).host).toBe('fe80::%4000000')
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    for (const { family, scopeid } of addresses) {
      if (family === 'IPv6' && scopeid !== 0) {
        expect(packAddress(`fe80::1%${name}`)?.scope).toBe(scopeid)
        expect(unpackAddress(6, bytes('fe80'), 1, scopeid).host).toBe(`fe80::%${name}`)
      }
    }
  }
  expect(packAddress('fe80::1%no-such-interface')).toBeUndefined()
})

it.each(['localhost', '', '1.2.3', '1.2.3.4.5', ':::', '12345::', '::1%'])(
  'packs no %s',
  (host) => {
    expect(packAddress(host)).toBeUndefined()
  },
)
