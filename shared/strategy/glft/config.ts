import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { type ConfigOf, type GivenConfig, readConfig } from '../config.ts'
import { capitalForOrdersE8 } from '../sizing.ts'

const glftFields = {
  /**
   * Risk aversion without units: `γ/k`. Taken relative to the measured decay, one number suits a coin with a tick of
   * 0.1 and one with a tick of 0.00001. Higher leans harder against inventory.
   */
  riskAversion: { default: 0.1, min: 1e-4, max: 20 },
  /** Largest inventory at its notional, as a share of the strategy's capital; above 1 it borrows. */
  inventoryCapitalRatioMax: { default: 0.15, min: 0.001, max: 3 },
  /** Orders from flat to the largest inventory; the capital may allow fewer of the venue's minimum size. */
  inventoryOrdersMax: { default: 8, min: 1, max: 1_000, isInteger: true },
  /** Half-spread above the maker fee, in ticks. */
  edgeTicksMin: { default: 0, min: 0, max: 1e6 },
  /** A quote moves only when its model price is further away than this share of the half-spread, so it keeps its queue place. */
  requoteRatio: { default: 0.2, min: 0, max: 1 },
  /** Quotes are pulled when the book was not heard of for this long. */
  bookAgeSecondsMax: { default: 5, min: 0.1, max: 600 },
} as const

export type GlftConfig = ConfigOf<typeof glftFields>

/** @throws TradingError CONFIG_INVALID */
export const readGlftConfig = (given?: GivenConfig): GlftConfig =>
  readConfig('glft', glftFields, given)

/** Least capital that can carry one order of the venue's minimum size on each side. */
export const glftMinimumCapitalE8 = (
  instrument: Instrument,
  priceTicks: number,
  config: GlftConfig,
): QuoteE8 => capitalForOrdersE8(instrument, priceTicks, 1, config.inventoryCapitalRatioMax)
