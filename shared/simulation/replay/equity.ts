import type { VariantAccounts } from './account.ts'

/** Regular samples of equity. */
export type EquitySampling = {
  readonly periodUs: number
  /** What every variant starts with, and what returns are relative to. */
  readonly startQuote: number
}

/** One row per variant of growing length; a sample is 8 bytes. */
export type EquitySamples = {
  readonly sampling: EquitySampling
  readonly timeUs: number[]
  readonly equityQuote: number[][]
  nextUs: number | undefined
}

type Terms = {
  readonly fees: { readonly makerFeePpm: number }
  readonly market: { readonly tickQuote: number; readonly lotBase: number }
}

export const createEquitySamples = (
  sampling: EquitySampling,
  variantCount: number,
): EquitySamples => ({
  sampling,
  timeUs: [],
  equityQuote: Array.from({ length: variantCount }, () => []),
  nextUs: undefined,
})

/** Takes the sample that is due at a step. Equity is known only once the book has had both sides. */
export function sampleEquity(
  samples: EquitySamples,
  nowUs: number,
  halfTicks: number | undefined,
  accounts: VariantAccounts,
  terms: Terms,
): void {
  if (halfTicks === undefined || nowUs < (samples.nextUs ?? nowUs)) return
  const { periodUs, startQuote } = samples.sampling
  samples.nextUs = (samples.nextUs ?? nowUs) + periodUs
  samples.timeUs.push(nowUs)
  samples.equityQuote.forEach((row, variant) => {
    row.push(startQuote + pnlOf(accounts, variant, halfTicks, terms).netQuote)
  })
}

/** Profit of one variant with its inventory valued at the mid; `net = gross − fees`. */
export function pnlOf(
  { cashTickLots, inventoryLots, notionalTickLots }: VariantAccounts,
  variant: number,
  halfTicks: number,
  { fees, market }: Terms,
): { readonly grossQuote: number; readonly feesQuote: number; readonly netQuote: number } {
  const tickLotQuote = market.tickQuote * market.lotBase
  const grossHalfTickLots = 2 * cashTickLots[variant]! + inventoryLots[variant]! * halfTicks
  const grossQuote = (grossHalfTickLots / 2) * tickLotQuote
  const feesQuote = (notionalTickLots[variant]! * tickLotQuote * fees.makerFeePpm) / 1e6
  return { grossQuote, feesQuote, netQuote: grossQuote - feesQuote }
}

/** Changes of equity from sample to sample, relative to what was started with: order sizes do not compound. */
export function returnsOf(equityQuote: readonly number[], startQuote: number): number[] {
  return equityQuote.slice(1).map((equity, i) => (equity - equityQuote[i]!) / startQuote)
}

/** Largest fall from a peak of the samples, relative to the peak, 0 to 1 and beyond when equity is lost. */
export function maxDrawdownRatio(equityQuote: readonly number[], startQuote: number): number {
  let peak = startQuote
  let worst = 0
  for (const equity of equityQuote) {
    peak = Math.max(peak, equity)
    worst = Math.max(worst, (peak - equity) / peak)
  }
  return worst
}
