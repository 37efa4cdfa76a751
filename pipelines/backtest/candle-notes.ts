import { intrabarPathText } from '#shared/simulation/bar/path.ts'
import type { BarRun } from '#shared/simulation/bar/run.ts'
import type { CheckedCandles } from './candle-check.ts'
import type { BuiltInstrument } from './candle-instrument.ts'
import type { CandleBacktestOptions } from './candle-options.ts'
import type { TiersBySymbol } from './candle-tiers.ts'

type Facts = {
  readonly candles: readonly CheckedCandles[]
  readonly built: readonly BuiltInstrument[]
  readonly tiers: TiersBySymbol | undefined
  readonly run: BarRun
  readonly options: CandleBacktestOptions
}

/** Assumptions of a candle run, in sentences a reader can check. */
export function assumptionsOf({ built, tiers, run, options }: Facts): readonly string[] {
  const { rules, table } = run
  const bps = (ratio: number): string => `${Number((ratio * 1e4).toFixed(4))} bps`
  const count = table.columns.length
  return [
    'decisions are made on the close of a bar and reach the market at the open of the next one; fills are told at the close',
    intrabarPathText[rules.path],
    rules.throughTicks === 0
      ? 'a touch fills a resting limit'
      : `price must trade ${rules.throughTicks} tick(s) beyond a resting limit to fill it; ticks are the decimals seen in the prices`,
    rules.gapFill === 'limit'
      ? 'a resting limit that the open jumps over fills at its own price; a limit that arrives marketable takes at the open'
      : 'a resting limit that the open jumps over fills at the open',
    `fees ${bps(rules.makerFeeRatio)} maker, ${bps(rules.takerFeeRatio)} taker; market and stop fills slip ${bps(rules.slippageRatio)}; the spread, queue and latency are not modelled`,
    'bars without volume fill nothing; whole orders fill at once whatever the volume',
    `${count} symbol(s), each with 1/${count} of the capital and its own isolated margin, leverage up to ${rules.leverage}`,
    tiersText(built, tiers, options),
    `liquidation closes the position at the price where equity meets maintenance margin, or at the open if jumped, for a fee of ${bps(rules.liquidationFeeRatio)}; a loss beyond the share is borne by the insurance fund`,
    ...fundingText(built, options),
    'the smallest opening order is 5 quote; lots are the decimals seen in the volumes',
    'mark and index prices are taken to equal the candle prices',
    'benchmarks hold without leverage, pay the taker fee once and no funding',
  ]
}

function tiersText(
  built: readonly BuiltInstrument[],
  tiers: TiersBySymbol | undefined,
  { tiers: path }: CandleBacktestOptions,
): string {
  const cautious =
    'a cautious schedule (that of a smaller altcoin at Binance, 1 % to 50 % maintenance)'
  if (!tiers) return `margin tiers: ${cautious} for every symbol; not Aster's own`
  const without = built.filter(({ hasOwnTiers }) => !hasOwnTiers)
  const rest = without.length === 0 ? '' : `; ${cautious} for ${listed(without)}`
  return `margin tiers from ${path}: Binance values, not Aster's own${rest}`
}

function fundingText(
  built: readonly BuiltInstrument[],
  { spot, funding }: CandleBacktestOptions,
): readonly string[] {
  if (spot) return ['spot markets: no funding']
  const missing = built.filter(({ missingFundingHours }) => missingFundingHours > 0)
  const paid =
    'funding is paid at each settlement of the symbol by the position held before it, on the open of that bar (settlements inside a bar: on its close)'
  if (missing.length === 0) return [`${paid}; rates from ${funding}`]
  const most = Math.max(...missing.map(({ missingFundingHours }) => missingFundingHours))
  const waived = `FUNDING WAIVED: no rates for up to ${Math.round(most)} h of ${listed(missing)}; none is charged there, so the result leaves out a real cost or income`
  return missing.length < built.length || funding ? [paid, waived] : [waived]
}

const listed = (some: readonly BuiltInstrument[]): string => {
  const symbols = some.map(({ instrument }) => instrument.symbol)
  return symbols.length > 5
    ? `${symbols.slice(0, 5).join(', ')} and ${symbols.length - 5} more`
    : symbols.join(', ')
}

/** The hours of 10 October 2025 in which the market fell most, and the calm before. */
const crashFromUs = Date.UTC(2025, 9, 10, 20) * 1_000
const crashToUs = Date.UTC(2025, 9, 11, 0) * 1_000

/** Whether the account came through the crash, when the candles include it. */
function crashText({ table, record }: BarRun): readonly string[] {
  const { startUs, intervalUs, steps } = table
  const from = Math.floor((crashFromUs - startUs) / intervalUs)
  const to = Math.min(steps, Math.ceil((crashToUs - startUs) / intervalUs))
  if (from < 0 || from >= steps) return []
  const before = record.equityQuote[from] as number
  const lowest = Math.min(...record.equityQuote.subarray(from, to + 1))
  const hit = record.liquidations.filter(({ step }) => step >= from && step < to)
  const lost = hit.reduce((sum, { lossQuote }) => sum + lossQuote, 0)
  const verdict =
    hit.length > 0
      ? `liquidated on ${hit.length} symbol(s), losing ${lost.toFixed(2)}`
      : before <= 0
        ? 'nothing was left to lose'
        : 'survived without liquidation'
  const change = before > 0 ? ` (${((lowest / before - 1) * 100).toFixed(2)} %)` : ''
  return [
    `crash of 10 October 2025: ${verdict}; equity ${before.toFixed(2)} before, ${lowest.toFixed(2)} at its lowest close${change}`,
  ]
}

/** What a reader must know before believing the result. */
export function warningsOf({ candles, run }: Facts): readonly string[] {
  const { record, table } = run
  const warnings: string[] = []
  const named = (some: readonly CheckedCandles[]): string => {
    const symbols = some.map(({ columns }) => columns.symbol)
    return symbols.length > 5
      ? `${symbols.slice(0, 5).join(', ')} and ${symbols.length - 5} more`
      : symbols.join(', ')
  }
  if (record.liquidations.length > 0) {
    const symbols = new Set(record.liquidations.map(({ symbol }) => symbol))
    warnings.push(`liquidated ${record.liquidations.length} time(s) on ${symbols.size} symbol(s)`)
  }
  warnings.push(...crashText(run))
  if (table.columns.length > 1)
    warnings.push(
      'survivorship: the symbols are those that still had data when the files were made; delisted ones, which mostly fell, are missing',
    )
  const dead = candles.filter(({ zeroVolumeRatio }) => zeroVolumeRatio === 1)
  if (dead.length > 0) warnings.push(`no volume at all, nothing can fill: ${named(dead)}`)
  const thin = candles.filter(({ zeroVolumeRatio: z }) => z > 0.05 && z < 1)
  if (thin.length > 0) warnings.push(`more than 5 % of bars without volume: ${named(thin)}`)
  const gappy = candles.filter(({ missingBars }) => missingBars > 0)
  if (gappy.length > 0)
    warnings.push(
      `${gappy.reduce((sum, { missingBars }) => sum + missingBars, 0)} bars are missing: ${named(gappy)}`,
    )
  const open = candles.filter(({ hasDroppedOpenBar }) => hasDroppedOpenBar)
  if (open.length > 0)
    warnings.push(`the newest bar was still open and is left out: ${named(open)}`)
  if (record.largeFills > 0)
    warnings.push(
      `${record.largeFills} of ${record.fillStep.length} fills are larger than a tenth of their bar's volume; real ones would move the price`,
    )
  if (record.refusedMargin > 0)
    warnings.push(`${record.refusedMargin} orders were refused for lack of margin`)
  if (record.refusedSize > 0)
    warnings.push(`${record.refusedSize} orders were refused as too small`)
  return warnings
}
