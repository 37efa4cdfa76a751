/**
 * Binomial distribution function `P(X ≤ successes)` of `trials` draws with `probability` each.
 *
 * Sums the terms upward from `(1 − p)^n`; relative error below 1e-12 while `(1 − p)^n` is above 1e-300.
 */
export function binomialCdf({
  successes,
  trials,
  probability,
}: {
  readonly successes: number
  readonly trials: number
  readonly probability: number
}): number {
  const odds = probability / (1 - probability)
  let term = (1 - probability) ** trials
  let sum = term
  for (let count = 1; count <= successes; count++) {
    term *= ((trials - count + 1) / count) * odds
    sum += term
  }
  return Math.min(1, sum)
}
