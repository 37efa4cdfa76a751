import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lots, Ticks } from '../../kernel/unit.ts'
import type { DomainEvent } from '../event.ts'
import type { Instrument } from '../instrument.ts'
import { readTape } from './decode.ts'
import { createTapeEncoder } from './encode.ts'
import type { TapeHeader } from './header.ts'
import { eventKinds } from './schema.ts'

const testInstrument: Instrument = {
  id: 0,
  accountId: 0,
  symbol: 'BTCUSDT',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  kind: 'perpetual',
  priceGrid: { decimals: 1, step: 1 },
  sizeGrid: { decimals: 3, step: 1 },
  tickLotE8: 10_000n,
  priceTicksMin: 1 as Ticks,
  priceTicksMax: 10_000_000 as Ticks,
  sizeLotsMin: 1 as Lots,
  sizeLotsMax: 1_000_000 as Lots,
  marketSizeLotsMin: 1 as Lots,
  marketSizeLotsMax: 120_000 as Lots,
  notionalE8Min: 500_000_000n,
  priceRatioMax: 1.05,
  priceRatioMin: 0.95,
  openOrdersMax: 200,
  makerFeePpm: 100,
  takerFeePpm: 400,
  fundingIntervalHours: 8,
}

const safe = fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value))
const natural = fc.maxSafeNat()
const count = fc.nat({ max: 1_000 })
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => value | 0)
const text = fc.string({ unit: 'binary', maxLength: 12 })
const money = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
const side = fc.constantFrom('buy', 'sell')
const rate = fc.double({ noNaN: true })

const levels = fc
  .tuple(fc.nat({ max: 8 }), fc.nat({ max: 8 }))
  .chain(([bidCount, askCount]) =>
    fc
      .array(int32, { minLength: 2 * (bidCount + askCount), maxLength: 2 * (bidCount + askCount) })
      .map((items) => ({ levels: Int32Array.from(items), bidCount, askCount })),
  )

type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>
const timed = { eventTimeUs: natural, receiveTimeUs: natural }
const onInstrument = { ...timed, instrumentId: fc.nat({ max: 1_000 }) }

/** Fields of each kind apart from `kind` itself. */
const fieldsByKind: Readonly<Record<DomainEvent['kind'], Fields>> = {
  'book-snapshot': { ...onInstrument, sequence: natural },
  'book-delta': {
    ...onInstrument,
    ...{ sequence: natural, sequenceFirst: natural, sequencePrevious: natural },
  },
  trade: {
    ...onInstrument,
    ...{ tradeId: natural, priceTicks: safe, sizeLots: safe, aggressor: side },
  },
  'mark-price': {
    ...onInstrument,
    ...{ markPriceE8: safe, indexPriceE8: safe, fundingRate: rate, nextFundingTimeUs: natural },
  },
  candle: {
    ...onInstrument,
    ...{ interval: text, openTimeUs: natural, openTicks: safe, highTicks: safe, lowTicks: safe },
    ...{ closeTicks: safe, volumeLots: safe, tradeCount: count },
  },
  'book-lost': { ...onInstrument, reason: text },
  'order-accepted': { ...timed, clientOrderId: text, venueOrderId: text },
  'order-refused': { ...timed, clientOrderId: text, code: safe, reason: text },
  'order-unknown': { ...timed, clientOrderId: text, reason: text },
  fill: {
    ...onInstrument,
    ...{ clientOrderId: text, venueOrderId: text, tradeId: natural, side },
    ...{ priceTicks: safe, sizeLots: safe, liquidity: fc.constantFrom('maker', 'taker') },
    ...{ feeE8: money, realisedPnlE8: money },
  },
  'order-closed': {
    ...timed,
    ...{ clientOrderId: text, status: fc.constantFrom('filled', 'canceled', 'expired') },
    filledLots: safe,
  },
  'order-report': {
    ...timed,
    ...{ clientOrderId: text, status: fc.constantFrom('working', 'absent'), filledLots: safe },
  },
  'cancel-refused': { ...timed, clientOrderId: text, code: safe, reason: text },
  'funding-paid': { ...onInstrument, amountE8: money, transactionId: natural },
  'balance-report': { ...timed, accountId: count, walletE8: money },
  'position-report': { ...onInstrument, positionLots: safe, entryCostE8: money },
  'user-stream': { ...timed, accountId: count, isUp: fc.boolean(), reason: text },
  timer: timed,
  command: {
    ...timed,
    command: fc.constantFrom('start', 'kill', 'stop', 'limits'),
    reason: text,
    limits: fc.dictionary(fc.constantFrom('leverageMax', 'positionRatioMax'), fc.nat(), {
      noNullPrototype: true,
    }),
  },
}

const domainEvent: fc.Arbitrary<DomainEvent> = fc.oneof(
  ...eventKinds.map((kind) => {
    const fields = fc.record(
      { kind: fc.constant(kind), ...fieldsByKind[kind] },
      { noNullPrototype: true },
    )
    const isBook = kind === 'book-snapshot' || kind === 'book-delta'
    return isBook
      ? fc.tuple(fields, levels).map(([event, book]) => ({ ...event, ...book }))
      : fields
  }),
) as fc.Arbitrary<DomainEvent>

const header: TapeHeader = {
  version: 1,
  source: 'a test',
  instruments: [testInstrument, { ...testInstrument, id: 1, fundingIntervalHours: undefined }],
  attributes: { venue: 'aster', note: 'Ümlaut "quoted"' },
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(bytes: Uint8Array, size = 1_000) {
  const tape = await readTape(pieces(bytes, size))
  const events: DomainEvent[] = []
  for await (const event of tape.events) events.push(event)
  return { header: tape.header, events, endedEarly: tape.endedEarly() }
}

function encode(events: readonly DomainEvent[], takeEvery = 1_000_000): Uint8Array {
  const encoder = createTapeEncoder(header)
  const parts: Uint8Array[] = []
  events.forEach((event, i) => {
    encoder.append(event)
    if (i % takeEvery === takeEvery - 1) parts.push(encoder.takeBytes())
  })
  parts.push(encoder.finish())
  return new Uint8Array(Buffer.concat(parts))
}

test('every kind of event survives the trip exactly, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(domainEvent, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 50, max: 5_000 }),
      async (events, takeEvery, chunkBytes) => {
        const read = await readAll(encode(events, takeEvery), chunkBytes)
        expect(read.events).toStrictEqual(events)
        expect(read.endedEarly).toBeUndefined()
      },
    ),
    { numRuns: 60 },
  )
})

test('the generator of the law covers every kind', () => {
  const kinds = new Set(fc.sample(domainEvent, { numRuns: 2_000, seed: 1 }).map(({ kind }) => kind))
  expect([...kinds].sort()).toEqual([...eventKinds].sort())
})

test('the header survives with its bigints', async () => {
  const read = await readAll(encode([]))
  expect(read.header).toStrictEqual(header)
})

test('an event is copied: its buffer may change after append', async () => {
  const levels = Int32Array.of(100, 5, 101, 7, 9, 9)
  const encoder = createTapeEncoder(header)
  const delta = {
    ...{ kind: 'book-delta', instrumentId: 0, eventTimeUs: 1, receiveTimeUs: 2, levels },
    ...{ sequenceFirst: 1, sequence: 2, sequencePrevious: 0, bidCount: 1, askCount: 1 },
  } as unknown as DomainEvent
  encoder.append(delta)
  levels.fill(0)
  const read = await readAll(new Uint8Array(encoder.finish()))
  expect(read.events).toMatchObject([{ levels: Int32Array.of(100, 5, 101, 7) }])
})

test('a tape cut at any byte gives the whole batches before and says where it ends', async () => {
  const events = fc.sample(domainEvent, { numRuns: 30, seed: 7 })
  const bytes = encode(events, 10)
  let complete = 0
  for (let cut = bytes.length - 1; cut > bytes.length * 0.3; cut -= 997) {
    const read = await readAll(bytes.slice(0, cut))
    expect(read.events.length % 10).toBe(0)
    expect(read.events).toStrictEqual(events.slice(0, read.events.length))
    expect(read.endedEarly).toContain(`byte ${cut}`)
    complete = Math.max(complete, read.events.length)
  }
  expect(complete).toBeGreaterThan(0)
})

test.each([
  ['nothing', new Uint8Array(0), 'does not start with an Arrow schema'],
  ['text', new TextEncoder().encode('time,price\n1,2\n'), 'at byte 0'],
])('%s is not a tape', async (_, bytes, why) => {
  await expect(readAll(bytes)).rejects.toThrow(why)
  await expect(readAll(bytes)).rejects.toMatchObject({ code: 'TAPE_MALFORMED' })
})

test('garbage between batches is refused with its place', async () => {
  const events = fc.sample(domainEvent, { numRuns: 20, seed: 3 })
  const encoder = createTapeEncoder(header)
  for (const event of events) encoder.append(event)
  const whole = encoder.takeBytes()
  const bytes = new Uint8Array(Buffer.concat([whole, Buffer.from('this is no Arrow message')]))
  await expect(readAll(bytes)).rejects.toThrow(`at byte ${whole.length}`)
})

test('a number that a tape cannot keep exactly is refused', () => {
  const encoder = createTapeEncoder(header)
  const timer = { kind: 'timer', eventTimeUs: 0.5, receiveTimeUs: 1 } as unknown as DomainEvent
  expect(() => encoder.append(timer)).toThrow('not an integer')
})
