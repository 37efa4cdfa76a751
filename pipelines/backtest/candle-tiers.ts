import { readFile } from 'node:fs/promises'
import { TradingError } from '#shared/kernel/error.ts'
import type { MarginTier } from '#shared/simulation/bar/margin.ts'

/** Margin schedules by symbol as the venue spells it. */
export type TiersBySymbol = ReadonlyMap<string, readonly MarginTier[]>

/**
 * Reads leverage tiers in the CCXT layout: `{ "BTC/USDT:USDT": [{ minNotional, maxNotional, maintenanceMarginRate,
 * maxLeverage, info: { cum } }] }`.
 *
 * @throws TradingError FILE_UNREADABLE, CONFIG_INVALID naming the market
 */
export async function readTiersFile(path: string): Promise<TiersBySymbol> {
  const parsed = await readFile(path, 'utf8')
    .then((text): unknown => JSON.parse(text))
    .catch((error: unknown) => {
      throw new TradingError(
        'FILE_UNREADABLE',
        `${path} is not readable JSON; check --tiers`,
        {},
        error,
      )
    })
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new TradingError('CONFIG_INVALID', `${path} is not an object of markets`)
  return new Map(
    Object.entries(parsed)
      .filter(([market]) => perpetual.test(market))
      .map(([market, rows]) => [symbolOf(market), tiersFrom(rows, market, path)]),
  )
}

/** A dated contract ends in its day, `ETH/USDT:USDT-241227`, and has tiers of its own. */
const perpetual = /:[A-Z0-9]+$/

/** `BTC/USDT:USDT` → `BTCUSDT`. */
const symbolOf = (market: string): string => market.replace(/:.*$/, '').replace('/', '')

function tiersFrom(rows: unknown, market: string, path: string): readonly MarginTier[] {
  if (!Array.isArray(rows) || rows.length === 0)
    throw new TradingError('CONFIG_INVALID', `${path}: ${market} has no tiers`)
  return rows.map((row: unknown, index) => {
    const number = (...keys: readonly string[]): number => {
      const value = Number(keys.reduce<unknown>(field, row))
      if (Number.isFinite(value)) return value
      throw new TradingError(
        'CONFIG_INVALID',
        `${path}: ${market} tier ${index + 1} has no number '${keys.join('.')}'`,
      )
    }
    return {
      floorQuote: number('minNotional'),
      capQuote: number('maxNotional'),
      maintenanceRatio: number('maintenanceMarginRate'),
      cumQuote: number('info', 'cum'),
      leverageMax: number('maxLeverage'),
    }
  })
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
