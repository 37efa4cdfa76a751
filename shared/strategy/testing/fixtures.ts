import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { BookView } from '#shared/market/book-view.ts'
import { type Instrument, tickLotE8FromGrids } from '#shared/market/instrument.ts'

/** A perpetual with a tick of 0.1, a lot of 0.001 and a minimum of 5 quote, unless told otherwise. */
export function testInstrument(overrides: Partial<Instrument> = {}): Instrument {
  const priceGrid = overrides.priceGrid ?? { decimals: 1, step: 1 }
  const sizeGrid = overrides.sizeGrid ?? { decimals: 3, step: 1 }
  return {
    id: 0,
    accountId: 0,
    symbol: 'ETHUSDT',
    baseAsset: 'ETH',
    quoteAsset: 'USDT',
    kind: 'perpetual',
    priceGrid,
    sizeGrid,
    tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, 'ETHUSDT'),
    priceTicksMin: 1 as Ticks,
    priceTicksMax: 10_000_000 as Ticks,
    sizeLotsMin: 1 as Lots,
    sizeLotsMax: 1_000_000 as Lots,
    marketSizeLotsMin: 1 as Lots,
    marketSizeLotsMax: 1_000_000 as Lots,
    notionalE8Min: 500_000_000n,
    priceRatioMax: 1.05,
    priceRatioMin: 0.95,
    openOrdersMax: 200,
    makerFeePpm: 100,
    takerFeePpm: 350,
    fundingIntervalHours: 8,
    ...overrides,
  }
}

/** A book of one level a side that a test may set. */
export type TestBook = { -readonly [Key in keyof BookView]: BookView[Key] } & {
  bidLots: number
  askLots: number
}

export function createTestBook(bidTicks: number, askTicks: number): TestBook {
  const book: TestBook = {
    isLive: true,
    bestBidTicks: bidTicks,
    bestAskTicks: askTicks,
    sequence: 1,
    eventTimeUs: 0 as Micros,
    receiveTimeUs: 0 as Micros,
    bidLots: 100,
    askLots: 100,
    lotsAt(side, priceTicks) {
      if (side === 'bid') return priceTicks === book.bestBidTicks ? book.bidLots : 0
      return priceTicks === book.bestAskTicks ? book.askLots : 0
    },
    forEachLevel(side, _levelsMax, visit) {
      if (side === 'bid') visit(book.bestBidTicks, book.bidLots)
      else visit(book.bestAskTicks, book.askLots)
    },
  }
  return book
}
