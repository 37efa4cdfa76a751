/**
 * What the trader knows of one instrument beyond its book. Undefined means not enough was seen yet: a strategy
 * that needs the value must do without quoting, never assume a number.
 */
export type Features = {
  /** Standard deviation of the mid, in ticks per square root of a second. */
  readonly volatilityTicks: number | undefined
  /** Fill intensity λ(δ) = A·exp(−kδ) of orders resting δ ticks from the mid, fitted to trades. */
  readonly intensity: Intensity | undefined
  /** (bid size − ask size) / (bid size + ask size) at the best prices, −1 to 1. */
  readonly imbalance: number | undefined
}

export type Intensity = {
  /** `A`, fills per second at the mid. */
  readonly perSecond: number
  /** `k`, decay per tick. */
  readonly perTick: number
}
