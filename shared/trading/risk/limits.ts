import type { QuoteE8 } from '#shared/kernel/unit.ts'

/** Caps every order must respect. Ratios are fractions of equity. */
export type Limits = {
  /** One strategy's position in one instrument, counting everything of it that works on that side. */
  readonly positionRatioMax: number
  /** One base asset over all strategies and accounts of the same kind. */
  readonly concentrationRatioMax: number
  /** Gross notional of all positions and working orders. */
  readonly leverageMax: number
  /** Loss since the start of the UTC day at which trading is killed. */
  readonly dailyLossRatioMax: number
  /** Fall from the highest equity seen at which trading is killed. */
  readonly drawdownRatioMax: number
}

/**
 * The published framework: position < 5 % of equity, concentration < 30 %, leverage < 3, drawdown < 20 %; the daily
 * stop is stricter than the framework's VaR line.
 */
export const standardLimits: Limits = {
  positionRatioMax: 0.05,
  concentrationRatioMax: 0.3,
  leverageMax: 3,
  dailyLossRatioMax: 0.05,
  drawdownRatioMax: 0.15,
}

/** Below 500 quote, 5 % is less than the smallest order a venue takes: wider caps, the same stops. */
const smallAccountLimits: Limits = {
  ...standardLimits,
  positionRatioMax: 0.4,
  concentrationRatioMax: 0.8,
}

const smallAccountE8: QuoteE8 = 500n * 10n ** 8n

/** The profile for an account of this size; printed at the start. While running they are ceilings. */
export const limitsFor = (equityE8: QuoteE8): { name: string; limits: Limits } =>
  equityE8 < smallAccountE8
    ? { name: 'small account', limits: smallAccountLimits }
    : { name: 'standard', limits: standardLimits }

/**
 * Limits after an operator's change. A value over its ceiling becomes the ceiling; one that is not above zero is no limit
 * and changes nothing, as does a name that is none.
 *
 * @param ceiling - what the trader was started with
 * @param current - what holds now
 */
export function changeLimits(
  ceiling: Limits,
  current: Limits,
  change: Readonly<Record<string, number>>,
): Limits {
  const changed: { -readonly [Name in keyof Limits]: number } = { ...current }
  for (const name of Object.keys(ceiling) as (keyof Limits)[]) {
    const value = Object.hasOwn(change, name) ? change[name] : undefined
    if (value !== undefined && value > 0) changed[name] = Math.min(value, ceiling[name])
  }
  return changed
}

/** Whether some limit is below its ceiling. */
export const areTightened = (ceiling: Limits, current: Limits): boolean =>
  (Object.keys(ceiling) as (keyof Limits)[]).some((name) => current[name] !== ceiling[name])
