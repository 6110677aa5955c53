import { describe, expect, test } from 'vitest'
import { Admission, ipOf } from '../../../ts/admission.js'

const LIMITS = { maxConnections: 3, maxConnectionsPerIp: 2, exemptLoopback: true }

describe('what counts as one address', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:1:2:3', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '::1'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ])('%s is %s', (host, ip) => {
    expect(ipOf(host)).toBe(ip)
  })
})

describe('admission', () => {
  test('refuses beyond maxConnections, and admits one for each that leaves', () => {
    const admission = new Admission({ ...LIMITS, maxConnectionsPerIp: 100 })
    for (let n = 0; n < 3; n++) admission.enter(`203.0.113.${n}`)
    expect(admission.refusal('203.0.113.9')).toBe('maxConnections')
    admission.leave('203.0.113.0')
    expect(admission.refusal('203.0.113.9')).toBeUndefined()
  })

  test('refuses beyond maxConnectionsPerIp that address alone, in all its spellings', () => {
    const admission = new Admission({ ...LIMITS, maxConnections: 100 })
    admission.enter('203.0.113.1')
    admission.enter('::ffff:203.0.113.1')
    expect(admission.refusal('203.0.113.1')).toBe('maxConnectionsPerIp')
    expect(admission.refusal('203.0.113.2')).toBeUndefined()
    admission.leave('203.0.113.1')
    expect(admission.refusal('::ffff:203.0.113.1')).toBeUndefined()
  })

  test('loopback is exempt from the address alone, and only where that is wanted', () => {
    const one = { maxConnections: 100, maxConnectionsPerIp: 1 }
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      const exempt = new Admission({ ...one, exemptLoopback: true })
      const strict = new Admission({ ...one, exemptLoopback: false })
      exempt.enter(host)
      strict.enter(host)
      expect(exempt.refusal(host)).toBeUndefined()
      expect(strict.refusal(host)).toBe('maxConnectionsPerIp')
    }
  })

  test('0 lets nobody in', () => {
    expect(new Admission({ ...LIMITS, maxConnections: 0 }).refusal('::1')).toBe('maxConnections')
  })
})
