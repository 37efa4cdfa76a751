import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { exampleInstrument } from '../fixture.ts'
import { createFrameReader } from './frame-reader.ts'
import { readLiquidation } from './liquidation.ts'

const btc = exampleInstrument()
const receiveTimeUs = 1_760_000_001_000_000 as Micros

/** As the venue's documents show it. */
const documented = {
  e: 'forceOrder',
  E: 1_568_014_460_893,
  o: {
    s: 'BTCUSDT',
    S: 'SELL',
    o: 'LIMIT',
    f: 'IOC',
    q: '0.014',
    p: '9910',
    ap: '9905.5',
    X: 'FILLED',
    l: '0.014',
    z: '0.014',
    T: 1_568_014_460_891,
  },
}
const withOrder = (over: object) => ({ ...documented, o: { ...documented.o, ...over } })

test('a forced order becomes a liquidation at the time the venue traded it', () => {
  expect(readLiquidation(documented, btc, receiveTimeUs)).toEqual({
    instrumentId: 0,
    eventTimeUs: 1_568_014_460_891_000,
    receiveTimeUs,
    side: 'sell',
    priceQuote: 9910,
    averagePriceQuote: 9905.5,
    sizeBase: 0.014,
    filledBase: 0.014,
    state: 'FILLED',
  })
})

test('an order without a fill has no average price, not one of zero', () => {
  const unfilled = withOrder({ ap: '0', z: '0', X: 'NEW' })
  const read = readLiquidation(unfilled, btc, receiveTimeUs)
  expect([read.averagePriceQuote, read.filledBase, read.state]).toEqual([undefined, 0, 'NEW'])
})

test('what is heard twice differs in nothing but when we heard it', () => {
  const { receiveTimeUs: _, ...first } = readLiquidation(documented, btc, receiveTimeUs)
  const { receiveTimeUs: __, ...again } = readLiquidation(
    documented,
    btc,
    (receiveTimeUs + 5) as Micros,
  )
  expect(again).toEqual(first)
})

test.each([
  ['o.p', withOrder({ p: '0' })],
  ['o.q', withOrder({ q: '0.000' })],
  ['o.p', withOrder({ p: '-9910' })],
  ['o.S', withOrder({ S: 'LONG' })],
  ['o.T', withOrder({ T: 0 })],
  ['o.ap', withOrder({ ap: undefined })],
  ['e', { ...documented, e: 'forcedOrder' }],
  ['forced order for ETHUSDT on the stream of BTCUSDT', withOrder({ s: 'ETHUSDT' })],
])('%s is named when it is not as documented', (where, raw) => {
  expect(() => readLiquidation(raw, btc, receiveTimeUs)).toThrow(where)
})

test('a price and a size survive as the decimal they were', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), (p, q) => {
      const price = (p / 10).toFixed(1)
      const size = (q / 1_000).toFixed(3)
      const read = readLiquidation(withOrder({ p: price, q: size }), btc, receiveTimeUs)
      expect([read.priceQuote.toFixed(1), read.sizeBase.toFixed(3)]).toEqual([price, size])
    }),
  )
})

test('the frame reader tells forced orders by their stream, and reads no market event from them', () => {
  const reader = createFrameReader([btc])
  const bytes = (text: string) => new TextEncoder().encode(text)
  const text = JSON.stringify(documented)
  const wrapped = bytes(`{"stream":"btcusdt@forceOrder","data":${text}}`)
  for (const frame of [wrapped, bytes(text)]) {
    expect(reader.read(frame, receiveTimeUs)).toBeUndefined()
    expect([reader.kind, reader.instrument?.symbol]).toEqual(['force-order', 'BTCUSDT'])
    const payload = new TextDecoder().decode(frame.subarray(reader.payloadFrom, reader.payloadTo))
    expect(payload).toBe(text)
  }
})
