import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { createFeed } from './feed.ts'
import { createGenerator } from './generator.ts'
import { listingOf, syntheticMarkets } from './listing.ts'
import { startUs } from './world.fixture.ts'

const instruments = syntheticMarkets.map((market, id) => ({
  ...listingOf(market),
  id,
  accountId: 0,
}))

function generate(seed: number, seconds: number, symbols = instruments): MarketEvent[] {
  const source = createGenerator({ seed, startUs, instruments: symbols })
  const events: MarketEvent[] = []
  source.advance((startUs + seconds * 1_000_000) as Micros, (event) => {
    events.push(
      'levels' in event
        ? { ...event, levels: event.levels.slice(0, 2 * (event.bidCount + event.askCount)) }
        : event,
    )
  })
  return events
}

test('same seed, same market; another seed, another', () => {
  expect(generate(7, 5)).toEqual(generate(7, 5))
  expect(generate(7, 5)).not.toEqual(generate(8, 5))
})

test('a market is the same whatever other markets are there', () => {
  const alone = instruments.slice(0, 1)
  const all = generate(7, 5).filter(({ instrumentId }) => instrumentId === 0)
  expect(generate(7, 5, alone)).toEqual(all)
})

test('events come in time order, and books never cross or run dry', () => {
  const events = generate(3, 60)
  const bids = instruments.map(() => new Map<number, number>())
  const asks = instruments.map(() => new Map<number, number>())
  let lastUs = 0
  for (const event of events) {
    expect(event.eventTimeUs).toBeGreaterThanOrEqual(lastUs)
    lastUs = event.eventTimeUs
    if (!('levels' in event)) continue
    const bid = bids[event.instrumentId] as Map<number, number>
    const ask = asks[event.instrumentId] as Map<number, number>
    for (let index = 0; index < event.bidCount + event.askCount; index++) {
      const side = index < event.bidCount ? bid : ask
      const [ticks = 0, lots = 0] = event.levels.slice(2 * index)
      if (lots === 0) side.delete(ticks)
      else side.set(ticks, lots)
    }
    expect(bid.size).toBe(25)
    expect(ask.size).toBe(25)
    expect(Math.max(...bid.keys())).toBeLessThan(Math.min(...ask.keys()))
  }
})

test('a minute is lively: 3 to 12 trades a second, a delta every 100 ms, a mark every second', () => {
  const events = generate(5, 60)
  for (const { id } of instruments) {
    const own = events.filter(({ instrumentId }) => instrumentId === id)
    const count = (kind: string) => own.filter((event) => event.kind === kind).length
    expect(count('trade') / 60).toBeGreaterThan(3)
    expect(count('trade') / 60).toBeLessThan(12)
    expect(Math.abs(count('book-delta') - 600)).toBeLessThanOrEqual(2)
    expect(Math.abs(count('mark-price') - 60)).toBeLessThanOrEqual(1)
  }
})

test('the price moves about as much as it says', () => {
  const [bitcoin] = instruments
  if (!bitcoin) throw new Error('no market')
  const marks = generate(11, 1_200, [bitcoin]).flatMap((event) =>
    event.kind === 'mark-price' ? [event.indexPriceE8] : [],
  )
  const squares = marks.slice(1).map((mark, index) => Math.log(mark / (marks[index] ?? 1)) ** 2)
  const bps = 10_000 * Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
  expect(bps).toBeGreaterThan(0.7)
  expect(bps).toBeLessThan(2.2)
})

test('a tape keeps its order and distances and begins when the exchange does', () => {
  const recorded = generate(7, 2)
  const later = (startUs + 3_600_000_000) as Micros
  const ids = new Map([[2, 0]])
  const expected = recorded
    .filter(({ instrumentId }) => instrumentId === 2)
    .map((event) => ({
      ...event,
      instrumentId: 0,
      eventTimeUs: event.eventTimeUs + 3_600_000_000,
      receiveTimeUs: event.receiveTimeUs + 3_600_000_000,
    }))

  const feed = createFeed({ startUs: later, instrumentIds: ids })
  for (const event of recorded) feed.push(event)
  const played: MarketEvent[] = []
  for (let second = 0; second <= 2; second++)
    feed.advance((later + second * 1_000_000) as Micros, (event) => played.push(event))
  expect(played).toEqual(expected)
  expect(feed.nextTimeUs()).toBeUndefined()
})

test('a feed copies levels and asks its writer to wait when it is full', () => {
  const feed = createFeed({ instrumentIds: new Map([[0, 0]]) })
  const levels = Int32Array.from([10, 1])
  const event = {
    kind: 'book-snapshot' as const,
    instrumentId: 0,
    eventTimeUs: startUs,
    receiveTimeUs: startUs,
    sequence: 1,
    levels,
    bidCount: 1,
    askCount: 0,
  }
  feed.push(event)
  levels[1] = 99
  const heard: MarketEvent[] = []
  feed.advance(startUs, (one) => heard.push(one))
  expect(heard).toEqual([{ ...event, levels: Int32Array.from([10, 1]) }])

  let accepted = 0
  while (feed.push(event)) accepted++
  expect(feed.isFull).toBe(true)
  expect(accepted).toBeGreaterThan(1_000)
})
