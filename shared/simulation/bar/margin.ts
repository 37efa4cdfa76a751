/** One step of a margin schedule. `cumQuote` makes maintenance margin continuous at the floor. */
export type MarginTier = {
  readonly floorQuote: number
  readonly capQuote: number
  /** Fraction of the notional, 0 to 1. */
  readonly maintenanceRatio: number
  readonly cumQuote: number
  readonly leverageMax: number
}

/** Schedule of a smaller altcoin at Binance in 2024 (AAVEUSDT): used where a symbol has no schedule of its own. */
export const cautiousTiers: readonly MarginTier[] = tiersFromSteps([
  [10_000, 75, 0.01],
  [40_000, 50, 0.015],
  [200_000, 25, 0.02],
  [400_000, 20, 0.025],
  [2_000_000, 10, 0.05],
  [4_000_000, 5, 0.1],
  [5_000_000, 4, 0.125],
  [10_000_000, 2, 0.25],
  [20_000_000, 1, 0.5],
])

/**
 * Tiers from `[cap, leverageMax, maintenanceRatio]` in rising order. `cum_k = cum_(k−1) + floor_k (r_k − r_(k−1))`,
 * so that maintenance margin has no jump.
 */
export function tiersFromSteps(
  steps: readonly (readonly [capQuote: number, leverageMax: number, maintenanceRatio: number])[],
): readonly MarginTier[] {
  const tiers: MarginTier[] = []
  for (const [capQuote, leverageMax, maintenanceRatio] of steps) {
    const last = tiers.at(-1)
    const floorQuote = last?.capQuote ?? 0
    const cumQuote = last
      ? last.cumQuote + floorQuote * (maintenanceRatio - last.maintenanceRatio)
      : 0
    tiers.push({ floorQuote, capQuote, maintenanceRatio, cumQuote, leverageMax })
  }
  return tiers
}

/** Tier that a notional falls into; the last one has no cap here. */
export function tierAt(tiers: readonly MarginTier[], notionalQuote: number): MarginTier {
  for (let i = 0; i < tiers.length - 1; i++) {
    const tier = tiers[i] as MarginTier
    if (notionalQuote <= tier.capQuote) return tier
  }
  return tiers[tiers.length - 1] as MarginTier
}

/** Maintenance margin in quote: `notional × ratio − cum`. */
export function maintenanceQuote(tiers: readonly MarginTier[], notionalQuote: number): number {
  const tier = tierAt(tiers, notionalQuote)
  return notionalQuote * tier.maintenanceRatio - tier.cumQuote
}

/**
 * Price at which equity equals maintenance margin, with isolated margin.
 *
 * `cash + q p = |q| p r − cum`. Long: `p = −(cash + cum) / (q (1 − r))`. Short: `p = (cash + cum) / (|q| (1 + r))`.
 * Equity less maintenance is monotone in the price, so exactly one tier's answer lies in that tier.
 *
 * @param cashQuote - wallet after paying for the position: equity is `cash + q × price`
 * @param positionBase - signed, long positive
 * @returns undefined when flat or when no positive price liquidates
 */
export function liquidationPriceQuote(
  tiers: readonly MarginTier[],
  { cashQuote, positionBase }: { readonly cashQuote: number; readonly positionBase: number },
): number | undefined {
  if (positionBase === 0) return undefined
  const size = Math.abs(positionBase)
  for (let i = 0; i < tiers.length; i++) {
    const { maintenanceRatio, cumQuote, floorQuote, capQuote } = tiers[i] as MarginTier
    const price =
      positionBase > 0
        ? -(cashQuote + cumQuote) / (size * (1 - maintenanceRatio))
        : (cashQuote + cumQuote) / (size * (1 + maintenanceRatio))
    const notional = size * price
    if (i === 0 && notional <= 0) return positionBase > 0 ? undefined : 0
    const isLast = i === tiers.length - 1
    if (notional >= floorQuote * (1 - 1e-12) && (isLast || notional <= capQuote)) return price
  }
  return undefined
}
