import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { captureInstrument } from '../capture/instrument.ts'
import { createDepthScan, scanDepth } from './depth.ts'
import { createFrameReader } from './frame-reader.ts'
import { readDepth, readMarkPrice, readTrade } from './slow.ts'
import { createTradeScan, scanTrade } from './trade.ts'

const btc = captureInstrument('BTCUSDT')
const half: Instrument = {
  ...captureInstrument('XUSDT', { tick: '0.5', lot: '10' }),
  id: 1,
}
const encoder = new TextEncoder()
const now = 1_700_000_000_000_000 as Micros

/** What the slow path says, in a form to compare: its event or the code of its refusal. */
function slowly(json: string, instrument: Instrument): unknown {
  try {
    const raw = JSON.parse(json) as { e: string }
    if (raw.e === 'depthUpdate') return readDepth(raw, instrument, now)
    if (raw.e === 'markPriceUpdate') return readMarkPrice(raw, instrument, now)
    return readTrade(raw, raw.e === 'trade' ? 'trade' : 'agg-trade', instrument, now)
  } catch (error) {
    return (error as { code: string }).code
  }
}

function quickly(text: string, instruments: readonly Instrument[]): unknown {
  const reader = createFrameReader(instruments)
  try {
    const event = reader.read(encoder.encode(text), now)
    if (event?.kind !== 'book-delta') return event
    const used = 2 * (event.bidCount + event.askCount)
    return { ...event, levels: event.levels.slice(0, used) }
  } catch (error) {
    return (error as { code: string }).code
  }
}

const wrap = (stream: string, json: string): string => `{"stream":"${stream}","data":${json}}`

const number = (decimalsMax: number) =>
  fc
    .tuple(fc.nat({ max: 999_999 }), fc.array(fc.nat({ max: 9 }), { maxLength: decimalsMax }))
    .chain(([whole, fraction]) =>
      fc.nat({ max: 5 }).map((zeros) => {
        const digits = fraction.join('') + '0'.repeat(zeros)
        return digits === '' ? `${whole}` : `${whole}.${digits}`
      }),
    )
/** Mostly on the grid; sometimes off it, too long, or not a number at all. */
const price = fc.oneof(
  { weight: 30, arbitrary: number(1) },
  { weight: 1, arbitrary: number(3) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '.', '1.', '.5', '-1', '1e3', '99999999999', '0', '00.10'),
  },
)
const size = fc.oneof({ weight: 30, arbitrary: number(3) }, { weight: 1, arbitrary: number(5) })
const levels = fc.array(fc.tuple(price, size), { maxLength: 8 })
const id = fc.oneof(
  fc.nat({ max: 2_000_000_000 }),
  fc.nat({ max: 9_000_000_000_000 }),
  fc.maxSafeNat(),
)

const depthFields = fc.record({
  e: fc.constant('depthUpdate'),
  E: id,
  T: id,
  s: fc.constant('BTCUSDT'),
  U: id,
  u: id,
  pu: id,
  b: levels,
  a: levels,
})
const tradeFields = fc.record({
  ...{ e: fc.constant('trade'), E: id, T: id, s: fc.constant('BTCUSDT'), t: id },
  ...{ p: price, q: size, X: fc.constantFrom('MARKET', 'MARKET', 'ADL'), m: fc.boolean() },
})
const aggTradeFields = fc.record({
  ...{ e: fc.constant('aggTrade'), E: id, s: fc.constant('BTCUSDT'), a: id },
  ...{ p: price, q: size, f: id, l: id, T: id, m: fc.boolean() },
})

test('a frame reads the same by bytes as by JSON, wrapped or raw', () => {
  const frame = fc.oneof(
    depthFields.map((fields) => ({ stream: 'btcusdt@depth@100ms', fields })),
    tradeFields.map((fields) => ({ stream: 'btcusdt@trade', fields })),
    aggTradeFields.map((fields) => ({ stream: 'btcusdt@aggTrade', fields })),
  )
  fc.assert(
    fc.property(frame, ({ stream, fields }) => {
      const json = JSON.stringify(fields)
      const expected = slowly(json, btc)
      expect(quickly(json, [half, btc])).toEqual(expected)
      expect(quickly(wrap(stream, json), [half, btc])).toEqual(expected)
    }),
    { numRuns: 1_000 },
  )
})

test('fields in another order, extra fields and white space read the same', () => {
  fc.assert(
    fc.property(
      depthFields,
      fc.shuffledSubarray(['E', 'T', 's', 'U', 'u', 'pu', 'b', 'a', 'x'], { minLength: 7 }),
      fc.boolean(),
      (fields, order, spaced) => {
        const all: Record<string, unknown> = { ...fields, x: { y: [1, '}'] } }
        const shuffled = Object.fromEntries(['e', ...order].map((key) => [key, all[key]]))
        const json = JSON.stringify(shuffled, null, spaced ? 1 : 0)
        expect(quickly(wrap('btcusdt@depth', json), [btc])).toEqual(slowly(json, btc))
      },
    ),
    { numRuns: 500 },
  )
})

test('usual frames take the fast path', () => {
  const symbol = encoder.encode('BTCUSDT')
  const depth = encoder.encode(
    '{"e":"depthUpdate","E":1721347201585,"T":1721347201533,"s":"BTCUSDT","U":4984034747463,"u":4984034747463,"pu":4984033952967,"b":[],"a":[["64020.40","0.000"],["28165.470000","0.00500"]]}',
  )
  // The second price is off the grid of 0.1, so the fast path must not take it.
  expect(scanDepth(depth, 0, depth.length, btc, symbol, createDepthScan())).toBe(false)
  const good = encoder.encode(
    new TextDecoder().decode(depth).replace('28165.470000', '28165.40000000'),
  )
  const scan = createDepthScan()
  expect(scanDepth(good, 0, good.length, btc, symbol, scan)).toBe(true)
  expect([scan.bidCount, scan.askCount]).toEqual([0, 2])
  expect([...scan.levels.subarray(0, 4)]).toEqual([640_204, 0, 281_654, 5])
  const trade = encoder.encode(
    '{"e":"aggTrade","E":123456789,"s":"BTCUSDT","a":5933014,"p":"1000.1","q":"100","f":100,"l":105,"T":123456785,"m":true}',
  )
  const out = createTradeScan()
  expect(scanTrade(trade, 0, trade.length, 'agg-trade', btc, symbol, out)).toBe(true)
  expect([...out.steps, out.buyerIsMaker]).toEqual([10_001, 100_000, true])
})

test('a grid whose step is not a power of ten is exact', () => {
  const depth = (level: string) =>
    `{"e":"depthUpdate","E":1,"T":2,"s":"XUSDT","U":3,"u":4,"pu":2,"b":[${level}],"a":[]}`
  expect(quickly(depth('["10.50","30"]'), [half])).toMatchObject({ levels: Int32Array.of(21, 3) })
  expect(quickly(depth('["10.40","30"]'), [half])).toBe('PRICE_OFF_GRID')
  expect(quickly(depth('["10.50","31.0"]'), [half])).toBe('SIZE_OFF_GRID')
})

test('steps that do not fit 32 bits are refused', () => {
  const depth =
    '{"e":"depthUpdate","E":1,"T":2,"s":"BTCUSDT","U":3,"u":4,"pu":2,"b":[["1.0","2147483.648"]],"a":[]}'
  expect(quickly(depth, [btc])).toBe('NUMBER_TOO_LARGE')
})

test.each([
  ['btcusdt@depth20@100ms', 'other'],
  ['btcusdt@depth5', 'other'],
  ['btcusdt@depth@100ms', 'depth'],
  ['btcusdt@depth', 'depth'],
  ['btcusdt@aggTrade', 'agg-trade'],
  ['btcusdt@trade', 'trade'],
  ['btcusdt@tradepro', 'other'],
  ['btcusdt@markPrice@1s', 'mark-price'],
  ['btcusdt@bookTicker', 'book-ticker'],
  ['btcusdt@kline_1m', 'other'],
])('%s is %s', (stream, kind) => {
  const reader = createFrameReader([half, btc])
  expect(reader.sniff(encoder.encode(wrap(stream, '{}')))).toBe(kind)
  expect(reader.instrument).toBe(btc)
})

test.each(['', '{', '{"result":null,"id":1}', '{"stream":"', '{"stream":"btcusdt', '[]', '{"e":"'])(
  'sniffing %j finds nothing and does not throw',
  (text) => {
    const reader = createFrameReader([btc])
    expect(reader.sniff(encoder.encode(text))).toBe('other')
    expect(reader.read(encoder.encode(text), now)).toBeUndefined()
  },
)

test('a symbol outside the list reads as nothing, and one that is a prefix is not taken for it', () => {
  const trade = '{"e":"trade","E":1,"T":1,"s":"BTCUSDTX","t":1,"p":"1.0","q":"1","m":true}'
  expect(quickly(wrap('btcusdtx@trade', trade), [btc])).toBeUndefined()
  expect(quickly(trade, [btc])).toBeUndefined()
})

test('a payload for another symbol than its stream is refused', () => {
  const trade = '{"e":"trade","E":1,"T":1,"s":"ETHUSDT","t":1,"p":"1.0","q":"1","m":true}'
  expect(quickly(wrap('btcusdt@trade', trade), [btc])).toBe('WIRE_SHAPE_UNKNOWN')
})

test('a frame cut anywhere is refused or nothing, never an event', () => {
  const json =
    '{"e":"depthUpdate","E":1,"T":2,"s":"BTCUSDT","U":3,"u":4,"pu":2,"b":[["1.0","2.000"]],"a":[["3.0","4"]]}'
  const frame = wrap('btcusdt@depth', json)
  for (let cut = 0; cut < frame.length; cut++)
    expect([undefined, 'WIRE_SHAPE_UNKNOWN']).toContain(quickly(frame.slice(0, cut), [btc]))
})
