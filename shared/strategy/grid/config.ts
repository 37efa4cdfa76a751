import { TradingError } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { type ConfigOf, type GivenConfig, readConfig } from '../config.ts'
import { capitalForOrdersE8 } from '../sizing.ts'

export const gridFields = {
  /** Lines in all: half below the anchor, half above; an odd one goes below. */
  levels: { default: 6, min: 5, max: 10, isInteger: true },
  /** Distance between lines while the volatility is not known yet. */
  spacingBps: { default: 150, min: 100, max: 300 },
  /** The spacing follows the volatility, but never below … */
  spacingBpsMin: { default: 100, min: 100, max: 300 },
  /** … or above these. */
  spacingBpsMax: { default: 300, min: 100, max: 300 },
  /** One line is this many hours of volatility away from the next. */
  volatilityHours: { default: 4, min: 0.1, max: 240 },
  /** All lines of one side filled, at their notional, as a share of the strategy's capital; above 1 it borrows. */
  inventoryCapitalRatioMax: { default: 0.15, min: 0.001, max: 3 },
} as const

export type GridConfig = ConfigOf<typeof gridFields>

/** Lines on the fuller side. */
export const levelsPerSide = ({ levels }: GridConfig): number => Math.ceil(levels / 2)

/** @throws TradingError CONFIG_INVALID also when the smallest spacing is above the largest */
export function readGridConfig(given?: GivenConfig): GridConfig {
  const config = readConfig('grid', gridFields, given)
  const { spacingBpsMin, spacingBpsMax } = config
  if (spacingBpsMin > spacingBpsMax)
    throw new TradingError(
      'CONFIG_INVALID',
      `grid: spacingBpsMin ${spacingBpsMin} is above spacingBpsMax ${spacingBpsMax}`,
    )
  return config
}

/** @throws TradingError CONFIG_INVALID when two maker fees eat the smallest spacing */
export function checkGridFees(instrument: Instrument, config: GridConfig): void {
  const costBps = (2 * instrument.makerFeePpm) / 100
  if (Math.min(config.spacingBps, config.spacingBpsMin) <= costBps)
    throw new TradingError(
      'CONFIG_INVALID',
      `grid: ${instrument.symbol} costs ${costBps} bps a round trip, more than the spacing; widen spacingBpsMin`,
    )
}

/** Least capital that can carry the venue's minimum size on every line of one side, up to the highest line. */
export function gridMinimumCapitalE8(
  instrument: Instrument,
  priceTicks: number,
  config: GridConfig,
): QuoteE8 {
  const perSide = levelsPerSide(config)
  const reach = (1 + config.spacingBpsMax / 1e4) ** perSide
  // The lowest line sets the size, the highest what it costs.
  const lots = capitalForOrdersE8(
    instrument,
    Math.max(1, Math.floor(priceTicks / reach)),
    perSide,
    config.inventoryCapitalRatioMax,
  )
  return (lots * BigInt(Math.ceil(reach * reach * 1e6))) / 1_000_000n
}
