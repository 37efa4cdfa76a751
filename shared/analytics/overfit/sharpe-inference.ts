import { normalCdf, normalQuantile } from '../distribution/normal.ts'

const eulerGamma = 0.577_215_664_901_532_9

/** A Sharpe ratio and the shape of the returns it came from. */
export type SharpeEstimate = {
  /** PER OBSERVATION, never annual: an annual figure makes every probability below meaningless. */
  readonly sharpe: number
  readonly skewness: number
  /** RAW kurtosis, 3 for a normal sample. */
  readonly kurtosisRaw: number
}

/**
 * Probabilistic Sharpe ratio: how likely the true Sharpe ratio is above a benchmark.
 *
 * `PSR(SR*) = Φ( (SR − SR*) √(T − 1) / √(1 − γ₃ SR + (γ₄ − 1)/4 · SR²) )`, all Sharpe ratios per observation.
 *
 * @param estimate.points - `T`, observations
 * @returns 0 to 1; undefined below two observations and where the variance of the estimate is not positive
 * @see Bailey & López de Prado (2012), "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 3–44
 */
export function probabilisticSharpe(
  estimate: SharpeEstimate & { readonly sharpeBenchmark: number; readonly points: number },
): number | undefined {
  const { sharpe, sharpeBenchmark, points } = estimate
  const spread = estimatorVariance(estimate)
  if (points < 2 || spread === undefined) return undefined
  return normalCdf(((sharpe - sharpeBenchmark) * Math.sqrt(points - 1)) / Math.sqrt(spread))
}

/**
 * Minimum track record length: observations needed before `PSR(SR*)` reaches the confidence.
 *
 * `MinTRL = 1 + (1 − γ₃ SR + (γ₄ − 1)/4 · SR²) (z[c] / (SR − SR*))²`.
 *
 * @param estimate.confidence - e.g. 0.95
 * @returns observations, not whole; undefined when the Sharpe ratio is not above the benchmark: no length is enough
 * @see Bailey & López de Prado (2012), "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 3–44
 */
export function minTrackRecordPoints(
  estimate: SharpeEstimate & { readonly sharpeBenchmark: number; readonly confidence: number },
): number | undefined {
  const excess = estimate.sharpe - estimate.sharpeBenchmark
  const spread = estimatorVariance(estimate)
  if (!(excess > 0) || spread === undefined) return undefined
  return 1 + spread * (normalQuantile(estimate.confidence) / excess) ** 2
}

/**
 * Largest value expected among `count` independent standard normal draws.
 *
 * `(1 − γ) z[1 − 1/N] + γ z[1 − 1/(N e)]` with Euler's `γ`; 0 for a single draw.
 *
 * @returns undefined below one draw
 * @see Bailey, Borwein, López de Prado & Zhu (2014), "Pseudo-Mathematics and Financial Charlatanism", Notices of the
 *   AMS 61(5), 458–471
 */
export function expectedMaxNormal(count: number): number | undefined {
  if (!(count >= 1)) return undefined
  if (count === 1) return 0
  return (
    (1 - eulerGamma) * normalQuantile(1 - 1 / count) +
    eulerGamma * normalQuantile(1 - 1 / (count * Math.E))
  )
}

/** A sweep as deflation sees it. */
export type TrialSpread = {
  /** All trials ever tried, failed ones included. */
  readonly trialCount: number
  /** Variance over trials of the Sharpe ratio per observation. */
  readonly trialSharpeVariance: number
}

/**
 * `SR₀ = √V · E[max of N]`: the Sharpe ratio per observation that the best of `N` worthless trials is expected to show.
 *
 * @see Bailey & López de Prado (2014), "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 94–107
 */
export function expectedMaxSharpe(trials: TrialSpread): number | undefined {
  const largest = expectedMaxNormal(trials.trialCount)
  if (largest === undefined || trials.trialSharpeVariance < 0) return undefined
  return Math.sqrt(trials.trialSharpeVariance) * largest
}

/**
 * Deflated Sharpe ratio `PSR(SR₀)`: how likely the true Sharpe ratio is above what luck over all trials explains.
 *
 * @returns 0 to 1; undefined where {@link probabilisticSharpe} is
 * @see Bailey & López de Prado (2014), "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 94–107
 */
export function deflatedSharpe(
  estimate: SharpeEstimate & TrialSpread & { readonly points: number },
): number | undefined {
  const sharpeBenchmark = expectedMaxSharpe(estimate)
  return sharpeBenchmark === undefined
    ? undefined
    : probabilisticSharpe({ ...estimate, sharpeBenchmark })
}

/**
 * Minimum backtest length: years below which the best of `N` worthless trials is expected to show the given Sharpe.
 *
 * `MinBTL = (E[max of N] / SR_annual)²`.
 *
 * @param sharpeAnnual - annual, and positive
 * @returns years of 365 days; undefined when the Sharpe ratio is not positive
 * @see Bailey, Borwein, López de Prado & Zhu (2014), "Pseudo-Mathematics and Financial Charlatanism", Notices of the
 *   AMS 61(5), 458–471
 */
export function minBacktestYears(sweep: {
  readonly trialCount: number
  readonly sharpeAnnual: number
}): number | undefined {
  const largest = expectedMaxNormal(sweep.trialCount)
  return largest === undefined || !(sweep.sharpeAnnual > 0)
    ? undefined
    : (largest / sweep.sharpeAnnual) ** 2
}

/** `(T − 1) · Var[SR]`; not positive only for moments that no sample has, so it is refused and not clipped. */
function estimatorVariance({ sharpe, skewness, kurtosisRaw }: SharpeEstimate): number | undefined {
  const spread = 1 - skewness * sharpe + ((kurtosisRaw - 1) / 4) * sharpe * sharpe
  return spread > 0 ? spread : undefined
}
