/** Markets never close: a year has 365 days. */
const secondsPerYear = 365 * 86_400

export const secondsPerDay = 86_400

/** Returns per sampling period together with the period; no annual figure exists without it. */
export type PeriodReturns = {
  /** Simple returns, one per period, e.g. 0.01 for 1 %. */
  readonly returns: ArrayLike<number>
  readonly periodSeconds: number
}

/** How many periods a 365-day year has. */
export const periodsPerYear = (periodSeconds: number): number => secondsPerYear / periodSeconds
