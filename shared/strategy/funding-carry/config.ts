import { TradingError } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { type ConfigOf, type GivenConfig, readConfig } from '../config.ts'
import { capitalForLotsE8, plannedSizeLotsMin } from '../sizing.ts'
import { createLegGrid } from './legs.ts'

const fundingCarryFields = {
  /** Funding settlements that an entry plans with. */
  periodsPlanned: { default: 9, min: 1, max: 10_000, isInteger: true },
  /** Settlements after which the position is closed in any case. */
  periodsMax: { default: 21, min: 1, max: 10_000, isInteger: true },
  /** Closes when the rate is below this share of the rate at entry. */
  exitRateRatio: { default: 0.5, min: 0, max: 1 },
  /** What must be left after all costs, over the planned periods. */
  bufferBps: { default: 2, min: 0, max: 1_000 },
  /** Worst price of an order, beyond the touch. */
  slippageBps: { default: 10, min: 0, max: 500 },
  /** Worst price while an unhedged leg is being closed. */
  unwindSlippageBps: { default: 50, min: 0, max: 1_000 },
  /** A negative rate is earned long the perpetual and short the hedge; only where the hedge can be borrowed. */
  hedgeMayBeShorted: { default: false },
  /** Notional of one leg as a share of the strategy's capital. */
  inventoryCapitalRatioMax: { default: 0.15, min: 0.001, max: 3 },
  /** Time between decisions to enter or to leave. */
  decideEverySeconds: { default: 60, min: 1, max: 86_400 },
  /** An entry that is not complete after this is closed again. */
  entrySecondsMax: { default: 60, min: 1, max: 3_600 },
  /** Pause after a position was closed. */
  cooldownSeconds: { default: 300, min: 0, max: 86_400 },
  /** Unhedged notional × time before both legs are closed, quote × seconds. */
  unhedgedQuoteSecondsMax: { default: 5_000, min: 1, max: 1e12 },
  /** An older mark price is no mark price. */
  markAgeSecondsMax: { default: 30, min: 1, max: 3_600 },
} as const

export type FundingCarryConfig = ConfigOf<typeof fundingCarryFields>

/** @throws TradingError CONFIG_INVALID also when more periods are planned than allowed */
export function readFundingCarryConfig(given?: GivenConfig): FundingCarryConfig {
  const config = readConfig('funding-carry', fundingCarryFields, given)
  if (config.periodsPlanned > config.periodsMax)
    throw new TradingError(
      'CONFIG_INVALID',
      `funding-carry: periodsPlanned ${config.periodsPlanned} is above periodsMax ${config.periodsMax}`,
    )
  return config
}

/** @throws TradingError CONFIG_INVALID when the two instruments cannot hedge each other */
export function checkLegs(perp: Instrument, hedge: Instrument): void {
  const problem = legProblem(perp, hedge)
  if (problem) throw new TradingError('CONFIG_INVALID', `funding-carry: ${problem}`)
}

function legProblem(perp: Instrument, hedge: Instrument): string | undefined {
  if (perp.id === hedge.id) return `${perp.symbol} cannot hedge itself; name another instrument`
  if (perp.fundingIntervalHours === undefined || !(perp.fundingIntervalHours > 0))
    return `${perp.symbol} has no funding interval; the first leg must be a perpetual`
  if (hedge.fundingIntervalHours !== undefined)
    return `${hedge.symbol} pays funding; the hedge must be a market without funding`
  if (perp.baseAsset !== hedge.baseAsset)
    return `${perp.symbol} is ${perp.baseAsset} but ${hedge.symbol} is ${hedge.baseAsset}; both legs must be the same coin`
  return undefined
}

/** Least capital that carries on each leg the smallest base size that both venues take. */
export function fundingCarryMinimumCapitalE8(
  perp: Instrument,
  perpPriceTicks: number,
  hedge: Instrument,
  hedgePriceTicks: number,
  config: FundingCarryConfig,
): QuoteE8 {
  checkLegs(perp, hedge)
  const { perpUnits, hedgeUnits, commonUnits } = createLegGrid(perp, hedge)
  const unitsMin = Math.max(
    plannedSizeLotsMin(perp, perpPriceTicks) * perpUnits,
    plannedSizeLotsMin(hedge, hedgePriceTicks) * hedgeUnits,
  )
  const units = Math.ceil(unitsMin / commonUnits) * commonUnits
  const ratio = config.inventoryCapitalRatioMax
  const forPerpE8 = capitalForLotsE8(perp, perpPriceTicks, units / perpUnits, ratio)
  const forHedgeE8 = capitalForLotsE8(hedge, hedgePriceTicks, units / hedgeUnits, ratio)
  if (forPerpE8 > forHedgeE8) return forPerpE8
  return forHedgeE8
}
