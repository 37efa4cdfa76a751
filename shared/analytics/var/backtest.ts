import { invariant } from '#shared/kernel/error.ts'
import { binomialCdf } from '../distribution/binomial.ts'
import { chiSquaredCdf, chiSquaredQuantile } from '../distribution/chi-squared.ts'

/** A likelihood ratio and how likely a correct model shows one at least as large. */
export type LikelihoodTest = {
  /** `LR`, 0 or more. */
  readonly likelihoodRatio: number
  readonly pValue: number
}

/** Days on which the loss exceeded the value at risk. */
export type ExceptionCount = {
  readonly exceptions: number
  readonly observations: number
  /** Probability of an exception that the model claims, e.g. 0.01 for a 99 % value at risk. */
  readonly probability: number
}

/**
 * Kupiec's proportion of failures: is the number of exceptions what the model claims?
 *
 * `LR = −2 ln[ (1−p)^{T−x} p^x / ((1−x/T)^{T−x} (x/T)^x) ] ~ χ²(1)`.
 *
 * @see Kupiec (1995), "Techniques for Verifying the Accuracy of Risk Measurement Models", Journal of Derivatives 3(2)
 */
export function kupiecTest({
  exceptions,
  observations,
  probability,
}: ExceptionCount): LikelihoodTest {
  invariant(exceptions >= 0 && exceptions <= observations, 'exceptions are among the observations')
  const share = exceptions / observations
  const claimed = logLikelihood(observations - exceptions, exceptions, probability)
  const observed = logLikelihood(observations - exceptions, exceptions, share)
  const likelihoodRatio = Math.max(0, 2 * (observed - claimed))
  return { likelihoodRatio, pValue: 1 - chiSquaredCdf(likelihoodRatio, 1) }
}

/** Fewest and most exceptions that Kupiec's test accepts, both included. */
export function kupiecAcceptance({
  observations,
  probability,
  confidence,
}: {
  readonly observations: number
  readonly probability: number
  /** Of the test, e.g. 0.95. */
  readonly confidence: number
}): { readonly fewest: number; readonly most: number } {
  const critical = chiSquaredQuantile(confidence, 1)
  const isAccepted = (exceptions: number) =>
    kupiecTest({ exceptions, observations, probability }).likelihoodRatio < critical
  let fewest = 0
  while (!isAccepted(fewest)) fewest++
  let most = fewest
  while (most < observations && isAccepted(most + 1)) most++
  return { fewest, most }
}

/** Days counted by (exception yesterday, exception today): `n01` is a calm day followed by an exception. */
export type TransitionCount = {
  readonly n00: number
  readonly n01: number
  readonly n10: number
  readonly n11: number
}

/**
 * Christoffersen's independence: do exceptions come in clusters? `LR ~ χ²(1)`.
 *
 * @see Christoffersen (1998), "Evaluating Interval Forecasts", International Economic Review 39(4), 841–862
 */
export function christoffersenTest({ n00, n01, n10, n11 }: TransitionCount): LikelihoodTest {
  const pooled = (n01 + n11) / (n00 + n01 + n10 + n11)
  const apart =
    logLikelihood(n00, n01, n01 / (n00 + n01)) + logLikelihood(n10, n11, n11 / (n10 + n11))
  const likelihoodRatio = Math.max(0, 2 * (apart - logLikelihood(n00 + n10, n01 + n11, pooled)))
  return { likelihoodRatio, pValue: 1 - chiSquaredCdf(likelihoodRatio, 1) }
}

/** Counts transitions in a column of days; `true` is an exception. */
export function countTransitions(isException: readonly boolean[]): TransitionCount {
  const counts = { n00: 0, n01: 0, n10: 0, n11: 0 }
  for (let day = 1; day < isException.length; day++) {
    const key = `n${isException[day - 1] ? 1 : 0}${isException[day] ? 1 : 0}` as keyof typeof counts
    counts[key]++
  }
  return counts
}

/** Right number and independent: the sum of both ratios, `~ χ²(2)`. */
export function conditionalCoverageTest(
  count: ExceptionCount,
  transitions: TransitionCount,
): LikelihoodTest {
  const likelihoodRatio =
    kupiecTest(count).likelihoodRatio + christoffersenTest(transitions).likelihoodRatio
  return { likelihoodRatio, pValue: 1 - chiSquaredCdf(likelihoodRatio, 2) }
}

/** Basel's zones: yellow from a cumulative probability of 95 %, red from 99.99 %. */
export type TrafficLight = {
  readonly zone: 'green' | 'yellow' | 'red'
  /** `P(X ≤ exceptions)` if the model is right. */
  readonly cumulativeProbability: number
}

/**
 * Basel traffic light of a value at risk.
 *
 * @see Basel Committee on Banking Supervision (1996), "Supervisory framework for the use of backtesting in conjunction
 *   with the internal models approach to market risk capital requirements"
 */
export function trafficLight({
  exceptions,
  observations,
  probability,
}: ExceptionCount): TrafficLight {
  const cumulativeProbability = binomialCdf({
    successes: exceptions,
    trials: observations,
    probability,
  })
  const zone =
    cumulativeProbability >= 0.9999 ? 'red' : cumulativeProbability >= 0.95 ? 'yellow' : 'green'
  return { zone, cumulativeProbability }
}

/** `n₀ ln(1−p) + n₁ ln p`, where no draw makes its term zero whatever `p` is. */
function logLikelihood(misses: number, hits: number, probability: number): number {
  return (
    (misses === 0 ? 0 : misses * Math.log1p(-probability)) +
    (hits === 0 ? 0 : hits * Math.log(probability))
  )
}
