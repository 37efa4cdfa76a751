import { TradingError } from '#shared/kernel/error.ts'

/** One measured latency, in ms. */
export type LatencySummary = {
  readonly samples: number
  readonly minMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Distribution-free 95 % interval of the median, from order statistics. */
  readonly p50LowMs: number
  readonly p50HighMs: number
}

/** Fewer say nothing about a 95 % interval of the median. */
export const samplesMin = 6

/**
 * Order statistics of latencies.
 *
 * The interval of the median runs from the ⌊n/2 − 0.98 √n⌋-th to the ⌈1 + n/2 + 0.98 √n⌉-th smallest sample: the number
 * of samples below the median is binomial, whatever the distribution of the latencies.
 *
 * @param samplesMs - in any order
 * @throws TradingError STATISTIC_INVALID with fewer than 6 samples, or one that is no number
 */
export function summariseLatency(samplesMs: readonly number[]): LatencySummary {
  const count = samplesMs.length
  if (count < samplesMin || !samplesMs.every(Number.isFinite))
    throw new TradingError(
      'STATISTIC_INVALID',
      `${count} latencies are too few, or one is no number; measure for longer`,
    )
  const sorted = [...samplesMs].sort((a, b) => a - b)
  const at = (place: number) => sorted[Math.min(count - 1, Math.max(0, place))]!
  const half = (1.959964 / 2) * Math.sqrt(count)
  return {
    samples: count,
    minMs: at(0),
    p50Ms: (at(Math.floor((count - 1) / 2)) + at(Math.ceil((count - 1) / 2))) / 2,
    p99Ms: at(Math.ceil(0.99 * count) - 1),
    p50LowMs: at(Math.floor(count / 2 - half) - 1),
    p50HighMs: at(Math.ceil(1 + count / 2 + half) - 1),
  }
}

/**
 * How often a sample of one is below a sample of the other; a tie counts half. 0.5 says they cannot be told apart.
 *
 * @see Mann & Whitney (1947), Annals of Mathematical Statistics 18(1), 50–60
 */
export function shareBelow(ownMs: readonly number[], otherMs: readonly number[]): number {
  let twice = 0
  for (const own of ownMs)
    for (const other of otherMs) twice += own < other ? 2 : own === other ? 1 : 0
  return twice / (2 * ownMs.length * otherMs.length)
}
