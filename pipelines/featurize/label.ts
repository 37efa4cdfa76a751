import { TradingError } from '#shared/kernel/error.ts'
import type { Sample } from './sampler.ts'

export const directions = ['down', 'flat', 'up'] as const
export type Direction = (typeof directions)[number]

/** A vector with what the mid did afterwards. */
export type LabeledRow = {
  readonly symbol: string
  readonly atUs: number
  /** When the label became known; a model may not learn from it before. */
  readonly labelAtUs: number
  readonly vector: Float64Array
  readonly forwardReturnBps: number
}

/**
 * Return of the mid over the horizon, for each sample with a known vector. A sample whose horizon runs over a break of
 * the feed, or past its end, has no label and is left out.
 *
 * @param horizonUs - a whole multiple of the time between samples
 */
export function labelSamples(
  symbol: string,
  samples: readonly Sample[],
  horizonUs: number,
): readonly LabeledRow[] {
  const rows: LabeledRow[] = []
  let ahead = 0
  for (const sample of samples) {
    const labelAtUs = sample.atUs + horizonUs
    while (ahead < samples.length && samples[ahead]!.atUs < labelAtUs) ahead++
    const later = samples[ahead]
    if (later?.atUs !== labelAtUs || later.segment !== sample.segment || !sample.vector) continue
    rows.push({
      symbol,
      atUs: sample.atUs,
      labelAtUs,
      vector: sample.vector,
      forwardReturnBps: ((later.midTicks - sample.midTicks) / sample.midTicks) * 10_000,
    })
  }
  return rows
}

/** Where training ends and where validation ends; the test is what follows. */
export type SplitTimes = { readonly trainUntilUs: number; readonly validationUntilUs: number }
export type SplitName = 'train' | 'validation' | 'test'

const trainShare = 0.7
const validationShare = 0.15
const rowsMin = 100

/**
 * Cuts the rows of all markets at the same two moments, so that no market tells the future of another.
 *
 * @param rows - in order of time
 * @throws TradingError ROW_INVALID when there are too few rows to learn and to judge anything
 */
export function splitTimes(rows: readonly LabeledRow[]): SplitTimes {
  if (rows.length < rowsMin)
    throw new TradingError(
      'ROW_INVALID',
      `${rows.length} rows with features and labels are too few to train on (least ${rowsMin}); give longer or more tapes: a market needs a minute of unbroken book before its first row`,
    )
  const timeAt = (share: number): number => rows[Math.floor(rows.length * share)]!.atUs
  return {
    trainUntilUs: timeAt(trainShare),
    validationUntilUs: timeAt(trainShare + validationShare),
  }
}

/**
 * The part a row belongs to; undefined when its label only became known in the next part: such a row would carry
 * knowledge over the border.
 */
export function splitOf(
  { atUs, labelAtUs }: Pick<LabeledRow, 'atUs' | 'labelAtUs'>,
  { trainUntilUs, validationUntilUs }: SplitTimes,
): SplitName | undefined {
  if (atUs < trainUntilUs) return labelAtUs <= trainUntilUs ? 'train' : undefined
  if (atUs < validationUntilUs) return labelAtUs <= validationUntilUs ? 'validation' : undefined
  return 'test'
}

/**
 * The band around zero that a third of the absolute returns stays within, so that the three classes are about equally
 * frequent. Only training rows may be given: the band is part of what is learned.
 */
export function balancedBandBps(trainRows: readonly LabeledRow[]): number {
  const sizes = Float64Array.from(trainRows, ({ forwardReturnBps }) => Math.abs(forwardReturnBps))
  sizes.sort()
  return sizes[Math.floor(sizes.length / 3)]!
}

/** Within ± the band is `flat`, the band itself included. */
export function directionOf(forwardReturnBps: number, flatBandBps: number): Direction {
  if (Math.abs(forwardReturnBps) <= flatBandBps) return 'flat'
  return forwardReturnBps > 0 ? 'up' : 'down'
}
