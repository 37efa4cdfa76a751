import type { FillColumns } from './account.ts'
import { type EquitySamples, maxDrawdownRatio, pnlOf, returnsOf } from './equity.ts'
import type { ExchangeSide } from './exchange-side.ts'
import type { GlftVariants } from './glft-variants.ts'
import type { ReplayConfig } from './replay.ts'

/** What one variant did. Positive P&L parts are gains: `pnl = spread + price − fees`. */
export type VariantResult = {
  readonly fills: number
  readonly orders: number
  readonly volumeBase: number
  readonly tradedNotionalQuote: number
  /** Positive is a cost. */
  readonly feesQuote: number
  readonly inventoryLots: number
  /** Received minus paid, in ticks × lots, before fees: exact. */
  readonly cashTickLots: number
  /** After fees, inventory valued at the last mid; undefined when the book never had both sides. */
  readonly pnlQuote: number | undefined
  /** Mid minus price at each fill, signed. */
  readonly spreadQuote: number
  /** Over every pair of quotes: two runs that agree quoted the same. */
  readonly quotesChecksum: number
  /** Per sampling period, of the start equity; empty without sampling. */
  readonly returns: readonly number[]
  /** At the samples; 0 without sampling. */
  readonly maxDrawdownRatio: number
  readonly equityQuote: readonly number[]
}

export type ReplayResult = {
  readonly variants: readonly VariantResult[]
  readonly startUs: number
  readonly endUs: number
  readonly steps: number
  /** Level updates, trades and clears. */
  readonly rows: number
  /** Twice the mid at the end, in ticks. */
  readonly lastHalfTicks: number | undefined
  /** Times of the equity samples. */
  readonly sampleTimeUs: readonly number[]
  readonly recorded: RecordedVariant | undefined
}

/** Detail of the variant that was recorded. */
export type RecordedVariant = {
  readonly variant: number
  readonly fills: FillColumns
  /** Twice the mid as we saw it, at `startUs + (i + 1) × stepUs`; NaN while a side was missing. */
  readonly midHalfTicks: readonly number[]
}

export function resultOf(run: {
  readonly config: ReplayConfig
  readonly exchange: ExchangeSide
  readonly glft: GlftVariants
  readonly samples: EquitySamples | undefined
  readonly lastHalfTicks: number | undefined
  readonly rowCount: number
  readonly stepCount: number
  readonly startUs: number
  readonly endUs: number
  readonly recorded: RecordedVariant | undefined
}): ReplayResult {
  const { startUs, endUs, lastHalfTicks, recorded } = run
  return {
    variants: run.config.variants.map((_, variant) => variantResult(run, variant)),
    ...{ startUs, endUs, lastHalfTicks, recorded },
    steps: run.stepCount,
    rows: run.rowCount,
    sampleTimeUs: run.samples?.timeUs ?? [],
  }
}

function variantResult(
  { config, exchange, glft, samples, lastHalfTicks }: Parameters<typeof resultOf>[0],
  variant: number,
): VariantResult {
  const { accounts } = exchange
  const { market } = config
  const tickLotQuote = market.tickQuote * market.lotBase
  const pnl = pnlOf(accounts, variant, lastHalfTicks ?? 0, config)
  const equityQuote = samples?.equityQuote[variant] ?? []
  const startQuote = samples?.sampling.startQuote ?? 0
  return {
    fills: accounts.fills[variant]!,
    orders: accounts.orders[variant]!,
    volumeBase: accounts.volumeLots[variant]! * market.lotBase,
    tradedNotionalQuote: accounts.notionalTickLots[variant]! * tickLotQuote,
    feesQuote: pnl.feesQuote,
    inventoryLots: accounts.inventoryLots[variant]!,
    cashTickLots: accounts.cashTickLots[variant]!,
    pnlQuote: lastHalfTicks === undefined ? undefined : pnl.netQuote,
    spreadQuote: (accounts.spreadHalfTickLots[variant]! / 2) * tickLotQuote,
    quotesChecksum: glft.checksum[variant]!,
    returns: returnsOf(equityQuote, startQuote),
    maxDrawdownRatio: maxDrawdownRatio(equityQuote, startQuote),
    equityQuote,
  }
}
