import { checkRow } from '#shared/cloud/local/warehouse-row.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import type { Row, Warehouse } from '#shared/cloud/port.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { FunctionPorts } from './function-call.ts'
import type { PublicKline, PublicMarketReader, PublicPremium } from './public-market.ts'

export const noonMs = Date.UTC(2026, 10, 21, 12)

export const kline = (openTimeMs: number, other: Partial<PublicKline> = {}): PublicKline => ({
  openTimeMs,
  closeTimeMs: openTimeMs + 59_999,
  open: 64000,
  high: 64010.5,
  low: 63990.1,
  close: 64001,
  volume: 12.345,
  quoteVolume: 790000.12,
  tradeCount: 321,
  ...other,
})

export const premium = (symbol: string, other: Partial<PublicPremium> = {}): PublicPremium => ({
  symbol,
  markPrice: 64000.12345678,
  indexPrice: 64001,
  fundingRate: 0.0001,
  nextFundingTimeMs: noonMs + 4 * 3_600_000,
  timeMs: noonMs,
  ...other,
})

/** A venue that has every minute candle, the open one too. */
export function scriptedMarket(other: Partial<PublicMarketReader> = {}): PublicMarketReader {
  return {
    async klines(_, __, startMs, endMs) {
      const candles: PublicKline[] = []
      for (let at = startMs; at <= endMs; at += 60_000) candles.push(kline(at))
      return candles
    },
    premiumIndex: async () => [premium('BTCUSDT'), premium('ETHUSDT', { fundingRate: -0.0002 })],
    fundingInfo: async () =>
      new Map([
        ['BTCUSDT', 8],
        ['ETHUSDT', 4],
      ]),
    ...other,
  }
}

/** A warehouse in memory that checks rows and keys like the real one. */
export function keyedWarehouse(): Warehouse & { rowsOf(table: keyof typeof tables): Row[] } {
  const stored = new Map<string, Map<string, Row>>()
  return {
    async insert(table, rows) {
      for (const row of rows) checkRow(table, row)
      const byKey = stored.get(table) ?? new Map()
      const { key } = tables[table as keyof typeof tables]
      for (const row of rows) {
        const id = key.map((column) => String(row[column])).join('|')
        if (!byKey.has(id)) byKey.set(id, row)
      }
      stored.set(table, byKey)
    },
    query: async () => ({ columns: [], rows: [] }),
    close: async () => {},
    rowsOf: (table) => [...(stored.get(table)?.values() ?? [])],
  }
}

export function functionPorts(market: Partial<PublicMarketReader> = {}) {
  const ports = {
    market: scriptedMarket(market),
    venue: 'aster',
    warehouse: keyedWarehouse(),
    clock: { nowUs: () => ((noonMs + 5_400) * 1_000) as Micros },
  } satisfies FunctionPorts
  return ports
}

/** Five seconds past noon, when the schedule fires. */
export const scheduledAtUs = ((noonMs + 5_000) * 1_000) as Micros
