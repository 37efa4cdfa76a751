import { tables } from '#shared/cloud/manifest/table.ts'
import type { Blobs, Bus, Message, Row, Warehouse } from '#shared/cloud/port.ts'
import { checkRow } from '#shared/cloud/row.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { FunctionPorts } from './function-call.ts'
import { memoryScaling } from './memory-scaling.ts'
import type { PublicKline, PublicMarketReader, PublicPremium } from './public-market.ts'
import { readSettings } from './settings.ts'

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
function keyedWarehouse(): Warehouse & { rowsOf(table: keyof typeof tables): Row[] } {
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

/** A bus that keeps what was said. */
function memoryBus(): Bus & { said(topic: string): Message[] } {
  const kept: { topic: string; message: Message }[] = []
  return {
    publish: (topic, message) => void kept.push({ topic, message }),
    subscribe: () => () => {},
    flush: async () => {},
    close: () => {},
    said: (topic) => kept.filter((each) => each.topic === topic).map(({ message }) => message),
  }
}

/** Blobs in memory. */
export function memoryBlobs(): Blobs {
  const kept = new Map<string, Uint8Array>()
  return {
    put: async (name, bytes) => void kept.set(name, bytes),
    async create(name, bytes) {
      if (kept.has(name)) return false
      kept.set(name, bytes)
      return true
    },
    get: async (name) => kept.get(name),
    list: async (prefix) => [...kept.keys()].filter((name) => name.startsWith(prefix)).sort(),
  }
}

export function functionPorts(market: Partial<PublicMarketReader> = {}) {
  const buckets = new Map<string, Blobs>()
  const ports = {
    market: scriptedMarket(market),
    secondMarket: undefined,
    venue: 'aster',
    warehouse: keyedWarehouse(),
    clock: { nowUs: () => ((noonMs + 5_400) * 1_000) as Micros },
    bus: memoryBus(),
    blobs(bucket) {
      const blobs = buckets.get(bucket) ?? memoryBlobs()
      buckets.set(bucket, blobs)
      return blobs
    },
    secrets: {
      get(name) {
        throw new TradingError('CONFIG_INVALID', `secret ${name} is not set`)
      },
    },
    http: async () => {
      throw new TradingError('VENUE_UNREACHABLE', 'there is no network here')
    },
    scaling: memoryScaling(),
    training: undefined,
    catalog: undefined,
    accounts: undefined,
    settings: readSettings({}),
    openedUs: undefined,
  } satisfies FunctionPorts
  return ports
}

/** Five seconds past noon, when the schedule fires. */
export const scheduledAtUs = ((noonMs + 5_000) * 1_000) as Micros
