import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientAddress, createAddressList } from './address.ts'
import { checkHost, checkPage, checkSite } from './origin.ts'
import { createTokenBuckets } from './token-bucket.ts'

describe('token buckets', () => {
  test('after a burst one request passes per interval, and the wait is told', () => {
    const take = createTokenBuckets({ burst: 3, requestsPerSecond: 2 })
    expect([1, 2, 3].map(() => take('a', 0))).toEqual([0, 0, 0])
    expect(take('a', 0)).toBe(1)
    expect(take('b', 0)).toBe(0)
    expect(take('a', 499_999)).toBe(1)
    expect(take('a', 500_000)).toBe(0)
    expect(take('a', 500_001)).toBe(1)
  })

  test('no window of time lets more through than the burst and the rate', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 300 }),
        (pauses) => {
          const take = createTokenBuckets({ burst: 5, requestsPerSecond: 10 })
          let nowUs = 0
          const passed: number[] = []
          for (const pauseUs of pauses) {
            nowUs += pauseUs
            if (take('a', nowUs) === 0) passed.push(nowUs)
          }
          for (let from = 0; from < passed.length; from++)
            for (let to = from; to < passed.length; to++) {
              const seconds = (passed[to]! - passed[from]!) / 1e6
              expect(to - from + 1).toBeLessThanOrEqual(5 + seconds * 10 + 1e-6)
            }
        },
      ),
      { numRuns: 50 },
    )
  })

  test('a clock that steps back gives nothing away', () => {
    const take = createTokenBuckets({ burst: 1, requestsPerSecond: 1 })
    expect([take('a', 5e6), take('a', 1e6), take('a', 5.5e6), take('a', 6e6)]).toEqual([0, 1, 1, 0])
  })

  test('more keys than are kept do not grow without an end', () => {
    const take = createTokenBuckets({ burst: 1, requestsPerSecond: 0.001 })
    for (let key = 0; key < 20_000; key++) take(`key ${key}`, 0)
    expect([take('key 19999', 0), take('key 1', 0)]).toEqual([1_000, 0])
  })
})

describe('addresses', () => {
  test.each([
    ['1.1.1.1, 2.2.2.2', 1, '2.2.2.2'],
    ['1.1.1.1, 2.2.2.2', 2, '1.1.1.1'],
    ['1.1.1.1, 2.2.2.2', 3, undefined],
    ['1.1.1.1, 2.2.2.2', 0, '127.0.0.1'],
    ['evil', 1, undefined],
    [undefined, 1, undefined],
    ['2001:db8::1', 1, '2001:db8::1'],
    ['::ffff:192.0.2.1', 1, '192.0.2.1'],
  ])('%s with %i proxies is %s', (forwardedFor, hops, expected) => {
    expect(clientAddress({ forwardedFor, hops, socketAddress: '::ffff:127.0.0.1' })).toBe(expected)
  })

  test('ranges of both families', () => {
    const mayEnter = createAddressList(['192.0.2.0/25', '2001:db8::/32', '10.0.0.1'])
    expect(['192.0.2.127', '2001:db8:1::1', '10.0.0.1'].map(mayEnter)).toEqual([true, true, true])
    expect(['192.0.2.128', '2001:db9::1', '10.0.0.2', undefined].map(mayEnter)).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(createAddressList([])(undefined)).toBe(true)
  })

  test.each(['192.0.2.0/33', '192.0.2/24', 'host', '::/129', '1.2.3.4/-1', '1.2.3.4/8/8', ''])(
    'the range %j is refused',
    (range) => {
      expect(() => createAddressList([range])).toThrow(/is no address range/)
    },
  )
})

describe('origins', () => {
  test('names of this machine, or the names it was given', () => {
    for (const host of ['127.0.0.1:1', 'LOCALHOST', '[::1]:80']) checkHost(host, [])
    checkHost('console.example.run.app', ['console.example.run.app'])
    for (const host of ['localhost.evil.example', 'evil.example', ''])
      expect(() => checkHost(host, [])).toThrow(/host/)
    expect(() => checkHost('localhost', ['console.example.run.app'])).toThrow(/not a name/)
  })

  test('what another site sends', () => {
    for (const site of [undefined, 'same-origin', 'none']) checkSite(site)
    for (const site of ['cross-site', 'same-site'])
      expect(() => checkSite(site)).toThrow(/another site/)
    const page = 'asterai-console'
    checkPage({ origin: undefined, host: 'a.example', page })
    checkPage({ origin: 'https://a.example', host: 'A.example', page })
    for (const origin of ['https://b.example', 'null', 'https://a.example.b.example', 'rubbish'])
      expect(() => checkPage({ origin, host: 'a.example', page })).toThrow(/another site/)
    expect(() => checkPage({ origin: undefined, host: 'a', page: undefined })).toThrow(/missing/)
  })
})
