import { createRandom } from '#shared/kernel/random.ts'
import { type Lots, type Micros, microsPerSecond, type Ticks } from '#shared/kernel/unit.ts'
import type { BookView } from '#shared/market/book-view.ts'
import type { BookSnapshot, MarketEvent, Trade } from '#shared/market/event.ts'
import type { BookSide, Instrument, Side } from '#shared/market/instrument.ts'
import { createVectorState, updateVector, writeVector } from './vector.ts'
import { vectorFeatures, vectorWidth } from './vector-list.ts'

export const startUs = 1_700_000_000 * microsPerSecond
export const instrument = { id: 0 } as Instrument

const timed = (atUs: number) => ({
  eventTimeUs: atUs as Micros,
  receiveTimeUs: atUs as Micros,
  instrumentId: 0,
})

/** Whole books: `[ticks, lots]`, best first. */
export const bookAt = (
  atUs: number,
  bids: readonly (readonly [number, number])[],
  asks: readonly (readonly [number, number])[],
): BookSnapshot => ({
  kind: 'book-snapshot',
  ...timed(atUs),
  sequence: atUs,
  levels: Int32Array.from([...bids, ...asks].flat()),
  bidCount: bids.length,
  askCount: asks.length,
})

export const tradeAt = (atUs: number, aggressor: Side, ticks: number, lots: number): Trade => ({
  kind: 'trade',
  ...timed(atUs),
  tradeId: atUs,
  priceTicks: ticks as Ticks,
  sizeLots: lots as Lots,
  aggressor,
})

export const lostAt = (atUs: number): MarketEvent => ({
  kind: 'book-lost',
  ...timed(atUs),
  reason: 'scripted',
})

/** A market that moves and trades about every 0.1 s. */
export function randomMarket(seed: number, seconds: number): readonly MarketEvent[] {
  const random = createRandom(seed)
  const events: MarketEvent[] = []
  let bid = 100_000
  for (let step = 0; step < seconds * 10; step++) {
    const atUs = startUs + step * 100_000 + random.integer(90_000)
    bid += random.integer(7) - 3
    const ask = bid + 1 + random.integer(3)
    const side = (best: number, away: 1 | -1) =>
      Array.from({ length: 6 }, (_, level): [number, number] => [
        best + away * level,
        1 + random.integer(900),
      ])
    events.push(bookAt(atUs, side(bid, -1), side(ask, 1)))
    if (random.uniform() < 0.6) {
      const isBuy = random.uniform() < 0.5
      const depth = random.integer(3)
      events.push(
        tradeAt(
          atUs + 1_000,
          isBuy ? 'buy' : 'sell',
          isBuy ? ask + depth : bid - depth,
          1 + random.integer(50),
        ),
      )
    }
  }
  return events
}

/** A book of few levels that is replaced whole: the real one takes long to clear. */
function createSmallBook() {
  let last = bookAt(0, [], [])
  const pairs = (side: BookSide): [number, number][] => {
    const { askCount, bidCount, levels } = last
    const from = side === 'bid' ? 0 : bidCount
    return Array.from({ length: side === 'bid' ? bidCount : askCount }, (_, index) => [
      levels[2 * (from + index)]!,
      levels[2 * (from + index) + 1]!,
    ])
  }
  const book = {
    isLive: false as boolean,
    bestBidTicks: 0,
    bestAskTicks: 0,
    sequence: 0,
    eventTimeUs: 0 as Micros,
    receiveTimeUs: 0 as Micros,
    lotsAt: (side: BookSide, ticks: number) => pairs(side).find(([at]) => at === ticks)?.[1] ?? 0,
    forEachLevel: (side: BookSide, most: number, visit: (ticks: number, lots: number) => void) => {
      for (const [ticks, lots] of pairs(side).slice(0, most)) visit(ticks, lots)
    },
    take(event: BookSnapshot) {
      last = event
      book.isLive = true
      book.bestBidTicks = pairs('bid')[0]![0]
      book.bestAskTicks = pairs('ask')[0]![0]
    },
  } satisfies BookView & Record<string, unknown>
  return book
}

/** A market with its vectors, to be asked at any moment. */
export function createVectorStage() {
  const book = createSmallBook()
  const state = createVectorState(instrument)
  const out = new Float64Array(vectorWidth)
  return {
    feed(events: readonly MarketEvent[]) {
      for (const event of events) {
        if (event.kind === 'book-snapshot') book.take(event)
        if (event.kind === 'book-lost') book.isLive = false
        updateVector(state, event, book)
      }
    },
    /** Values by name; undefined when something is not known. */
    ask(atUs: number): Readonly<Record<string, number>> | undefined {
      if (!writeVector(state, atUs, book, out)) return undefined
      return Object.fromEntries(vectorFeatures.map(({ name }, index) => [name, out[index]!]))
    },
    /** Names of what is not known at this moment. */
    unknown(atUs: number): readonly string[] {
      writeVector(state, atUs, book, out)
      return vectorFeatures.flatMap(({ name }, index) => (Number.isNaN(out[index]) ? [name] : []))
    },
  }
}
