import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { createRateBudget } from './budget.ts'
import { type ListingReport, readFundingHours, readListings } from './codec/listing.ts'
import {
  type FundingRate,
  type Kline,
  type OpenInterest,
  type Premium,
  readFundingRates,
  readKlines,
  readOpenInterest,
  readPremiums,
} from './codec/market.ts'
import type { Params } from './codec/order.ts'
import { endpoints } from './endpoint.ts'
import { createNonceSource } from './nonce.ts'
import { createRest, type Rest } from './rest.ts'

/** Public reads; each throws TradingError VENUE_UNREACHABLE, VENUE_RATE_LIMITED, VENUE_REFUSED, VENUE_BANNED or WIRE_SHAPE_UNKNOWN. */
export type AsterPublic = {
  /** The venue's clock in ms. */
  time(): Promise<number>
  exchangeInfo(): Promise<ListingReport>
  /** Hours between settlements by symbol. */
  fundingInfo(): Promise<ReadonlyMap<string, number>>
  premiumIndex(): Promise<readonly Premium[]>
  /** Settled rates between two times, oldest first. */
  fundingRate(symbol: string, startMs: number, endMs: number): Promise<readonly FundingRate[]>
  /** Candles that open within the range, oldest first; the last one may still be changing. */
  klines(
    symbol: string,
    interval: string,
    startMs: number,
    endMs: number,
  ): Promise<readonly Kline[]>
  openInterest(symbol: string): Promise<OpenInterest>
  /** Parsed body of `GET /depth` with 1000 levels. */
  depth(symbol: string): Promise<unknown>
}

/** @param restUrl - scheme and host, no path */
export function createAsterPublic(runtime: Runtime, restUrl: string): AsterPublic {
  const budget = createRateBudget(runtime.clock)
  const nonces = createNonceSource(runtime.clock)
  const rest = createRest({ runtime, restUrl, budget, nonces, onFault: () => {} })
  return publicReads(rest)
}

const klineRows = 1_500
const fundingRows = 1_000
const pagesMax = 1_000

/** The same reads over a client that exists already. */
export function publicReads(rest: Rest): AsterPublic {
  const fundingInfo = async () => readFundingHours(await rest.read(endpoints.fundingInfo, []))
  return {
    time: async () => {
      await rest.syncClock()
      return Math.floor(rest.venueTimeUs() / 1_000)
    },
    exchangeInfo: async () => {
      const hours = await fundingInfo()
      return readListings(await rest.read(endpoints.exchangeInfo, []), hours)
    },
    fundingInfo,
    premiumIndex: async () => readPremiums(await rest.read(endpoints.premiumIndex, [])),
    fundingRate: (symbol, startMs, endMs) =>
      readPages({
        what: 'fundingRate',
        rowsMax: fundingRows,
        startMs,
        endMs,
        load: async (fromMs) =>
          readFundingRates(
            await rest.read(endpoints.fundingRate, [
              ['symbol', symbol],
              ...range(fromMs, endMs, fundingRows),
            ]),
          ),
        timeOf: (row) => row.fundingTimeMs,
      }),
    klines: (symbol, interval, startMs, endMs) =>
      readPages({
        what: 'klines',
        rowsMax: klineRows,
        startMs,
        endMs,
        load: async (fromMs) =>
          readKlines(
            await rest.read(endpoints.klines, [
              ['symbol', symbol],
              ['interval', interval],
              ...range(fromMs, endMs, klineRows),
            ]),
          ),
        timeOf: (row) => row.openTimeMs,
      }),
    openInterest: async (symbol) =>
      readOpenInterest(await rest.read(endpoints.openInterest, [['symbol', symbol]])),
    depth: (symbol) =>
      rest.read(endpoints.depth, [
        ['symbol', symbol],
        ['limit', '1000'],
      ]),
  }
}

const range = (startMs: number, endMs: number, limit: number): Params => [
  ['startTime', String(startMs)],
  ['endTime', String(endMs)],
  ['limit', String(limit)],
]

type Pages<Row> = {
  readonly what: string
  readonly rowsMax: number
  readonly startMs: number
  readonly endMs: number
  load(fromMs: number): Promise<readonly Row[]>
  timeOf(row: Row): number
}

/** Reads page after page of rows with strictly growing times. */
async function readPages<Row>(pages: Pages<Row>): Promise<readonly Row[]> {
  const rows: Row[] = []
  let fromMs = pages.startMs
  for (let page = 0; page < pagesMax; page++) {
    const read = await pages.load(fromMs)
    rows.push(...read)
    const last = read.at(-1)
    if (!last || read.length < pages.rowsMax) return rows
    fromMs = pages.timeOf(last) + 1
    if (fromMs > pages.endMs) return rows
  }
  throw new TradingError(
    'OPTION_INVALID',
    `${pages.what}: the range needs more than ${pagesMax} pages; ask for less time`,
  )
}
