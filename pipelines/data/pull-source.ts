import { z } from 'zod'
import type { ParquetCell, ParquetType } from '#shared/cloud/local/parquet-writer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { candleIntervalUsOf } from '#shared/market/candle-interval.ts'
import { createRateBudget } from '#shared/venue/aster/budget.ts'
import { readListings } from '#shared/venue/aster/codec/listing.ts'
import { decimalText, readShape, timeMs } from '#shared/venue/aster/codec/wire.ts'
import type { Endpoint } from '#shared/venue/aster/endpoint.ts'
import { createNonceSource } from '#shared/venue/aster/nonce.ts'
import { createRest } from '#shared/venue/aster/rest.ts'

export const venueNames = ['aster', 'binance'] as const
export type VenueName = (typeof venueNames)[number]

/** Where a venue answers public questions. Binance USD-M has the same wire format under another prefix. */
export const venueHosts: Readonly<Record<VenueName, { rest: string; prefix: string }>> = {
  aster: { rest: 'https://fapi.asterdex.com', prefix: '/fapi/v3' },
  binance: { rest: 'https://fapi.binance.com', prefix: '/fapi/v1' },
}

export const pullKinds = ['klines', 'trades', 'funding', 'mark', 'exchange-info'] as const
export type PullKind = (typeof pullKinds)[number]

/** One row with its time, which orders it. */
export type PulledRow = { readonly timeMs: number; readonly cells: readonly ParquetCell[] }

/** A page of rows, oldest first. */
export type Page = {
  readonly rows: readonly PulledRow[]
  /** Where the next page begins; undefined when the range is exhausted. */
  readonly next: Cursor | undefined
}

export type Cursor = { readonly fromMs: number; readonly fromId?: number }

/** How to page through one kind of history of one venue. */
export type PullSource = {
  readonly columns: Readonly<Record<string, ParquetType>>
  /** Rows with `fromMs ≤ time < toMs`. @throws TradingError VENUE_*, WIRE_SHAPE_UNKNOWN */
  page(symbol: string, cursor: Cursor, toMs: number): Promise<Page>
}

export type VenueReader = {
  /** The venue's clock in ms. */
  time(): Promise<number>
  /** Body of `exchangeInfo` as it came, after its rate limits were taken over. */
  exchangeInfo(): Promise<unknown>
  source(kind: Exclude<PullKind, 'exchange-info'>, interval: string): PullSource
}

const klineRowsMax = 1_500
const fundingRowsMax = 1_000
const tradeRowsMax = 1_000
/** `aggTrades` answers at most an hour when asked by time. */
const tradeSpanMs = 3_600_000

const klineShape = z.array(
  z.tuple(
    [
      timeMs,
      decimalText,
      decimalText,
      decimalText,
      decimalText,
      decimalText,
      timeMs,
      decimalText,
      z.int(),
      decimalText,
    ],
    z.unknown(),
  ),
)
const markShape = z.array(
  z.tuple([timeMs, decimalText, decimalText, decimalText, decimalText], z.unknown()),
)
const fundingShape = z.array(
  z.object({
    fundingTime: timeMs,
    fundingRate: decimalText,
    markPrice: z.union([decimalText, z.literal('')]).optional(),
  }),
)
const tradeShape = z.array(
  z.object({
    a: z.int(),
    p: decimalText,
    q: decimalText,
    f: z.int(),
    l: z.int(),
    T: timeMs,
    m: z.boolean(),
  }),
)

/**
 * Public history of a venue within its rate limits; waits when the budget is spent, asks again when it says later.
 *
 * @param restUrl - scheme and host
 */
export function createVenueReader(
  runtime: Runtime,
  venue: VenueName,
  restUrl: string,
): VenueReader {
  const budget = createRateBudget(runtime.clock)
  const nonces = createNonceSource(runtime.clock)
  const rest = createRest({ runtime, restUrl, budget, nonces, onFault: () => {} })
  const { prefix } = venueHosts[venue]
  const endpoint = (path: string, weight: number): Endpoint => ({
    method: 'GET',
    path: `${prefix}/${path}`,
    weight,
    orders: 0,
    lane: 'read',
    isSigned: false,
  })
  const read = (path: string, weight: number, params: Readonly<Record<string, string | number>>) =>
    rest.read(
      endpoint(path, weight),
      Object.entries(params).map(([name, value]) => [name, String(value)] as const),
    )

  /** Only an empty page ends a range: a venue may give fewer rows than were asked for. */
  const timedPage = (rows: readonly PulledRow[], toMs: number, stepMs: number): Page => {
    const last = rows.at(-1)
    return {
      rows: rows.filter((row) => row.timeMs < toMs),
      next: last && last.timeMs + stepMs < toMs ? { fromMs: last.timeMs + 1 } : undefined,
    }
  }

  const klines = (interval: string): PullSource => ({
    columns: {
      timestamp: 'timestamp',
      open: 'float',
      high: 'float',
      low: 'float',
      close: 'float',
      volume: 'float',
      quote_volume: 'float',
      trades: 'integer',
      taker_buy_volume: 'float',
    },
    async page(symbol, { fromMs }, toMs) {
      const range = { symbol, interval, startTime: fromMs, endTime: toMs - 1, limit: klineRowsMax }
      const raw = readShape(klineShape, await read('klines', 10, range), 'klines')
      return timedPage(
        raw.map((row) => ({
          timeMs: row[0],
          cells: [
            row[0] * 1_000,
            ...row.slice(1, 6).map(Number),
            Number(row[7]),
            row[8],
            Number(row[9]),
          ],
        })),
        toMs,
        (candleIntervalUsOf(interval) as number) / 1_000,
      )
    },
  })

  const mark = (interval: string): PullSource => ({
    columns: { timestamp: 'timestamp', open: 'float', high: 'float', low: 'float', close: 'float' },
    async page(symbol, { fromMs }, toMs) {
      const range = { symbol, interval, startTime: fromMs, endTime: toMs - 1, limit: klineRowsMax }
      const raw = readShape(markShape, await read('markPriceKlines', 10, range), 'markPriceKlines')
      return timedPage(
        raw.map((row) => ({
          timeMs: row[0],
          cells: [row[0] * 1_000, ...row.slice(1, 5).map(Number)],
        })),
        toMs,
        (candleIntervalUsOf(interval) as number) / 1_000,
      )
    },
  })

  const funding: PullSource = {
    columns: {
      timestamp: 'timestamp',
      symbol: 'string',
      funding_rate: 'float',
      mark_price: 'float',
    },
    async page(symbol, { fromMs }, toMs) {
      const range = { symbol, startTime: fromMs, endTime: toMs - 1, limit: fundingRowsMax }
      const raw = readShape(fundingShape, await read('fundingRate', 1, range), 'fundingRate')
      return timedPage(
        raw.map(({ fundingTime, fundingRate, markPrice }) => ({
          timeMs: fundingTime,
          cells: [
            fundingTime * 1_000,
            symbol,
            Number(fundingRate),
            markPrice ? Number(markPrice) : undefined,
          ],
        })),
        toMs,
        1,
      )
    },
  }

  /** Trades that one order made at one price at one time, as the venue adds them up. */
  const trades: PullSource = {
    columns: {
      timestamp: 'timestamp',
      trade_id: 'integer',
      symbol: 'string',
      aggressor: 'string',
      price: 'string',
      size: 'string',
      first_trade_id: 'integer',
      last_trade_id: 'integer',
    },
    async page(symbol, { fromMs, fromId }, toMs) {
      const spanEndMs = Math.min(toMs, fromMs + tradeSpanMs)
      const range =
        fromId === undefined
          ? { startTime: fromMs, endTime: spanEndMs - 1, limit: tradeRowsMax }
          : { fromId, limit: tradeRowsMax }
      const raw = readShape(
        tradeShape,
        await read('aggTrades', 20, { symbol, ...range }),
        'aggTrades',
      )
      const rows = raw.map((row) => ({
        timeMs: row.T,
        cells: [row.T * 1_000, row.a, symbol, row.m ? 'sell' : 'buy', row.p, row.q, row.f, row.l],
      }))
      return { rows: rows.filter((row) => row.timeMs < toMs), next: nextTrades() }

      /** By id, so that nothing is lost between two trades of one millisecond. */
      function nextTrades(): Cursor | undefined {
        const last = raw.at(-1)
        if (last) return last.T < toMs ? { fromMs: last.T, fromId: last.a + 1 } : undefined
        if (fromId !== undefined || spanEndMs >= toMs) return undefined
        return { fromMs: spanEndMs }
      }
    },
  }

  return {
    async time() {
      await rest.syncClock()
      return Math.floor(rest.venueTimeUs() / 1_000)
    },
    async exchangeInfo() {
      const raw = await read('exchangeInfo', 1, {})
      budget.setLimits(readListings(raw, new Map()).rateLimits)
      return raw
    },
    source(kind, interval) {
      switch (kind) {
        case 'klines':
          return klines(interval)
        case 'mark':
          return mark(interval)
        case 'funding':
          return funding
        case 'trades':
          return trades
        default:
          throw new TradingError('OPTION_INVALID', `--kind '${String(kind)}' has no history`)
      }
    },
  }
}
