import type { BacktestResult } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { runBars } from '#shared/simulation/bar/run.ts'
import type { BarTable } from '#shared/simulation/bar/series.ts'
import { alignBars, type BarColumns, sliceBars } from '#shared/simulation/bar/series.ts'
import type { LiveTerms } from '#shared/simulation/bar/strategy/live.ts'
import { createBarStrategy, minimumCapitalQuote } from '#shared/simulation/bar/strategy/registry.ts'
import type { BarStrategy } from '#shared/simulation/bar/strategy.ts'
import { resultFromRun } from './bar-result.ts'
import type { CheckedCandles } from './candle-check.ts'
import { findCandleFiles } from './candle-file.ts'
import { readFundingFile } from './candle-funding.ts'
import { type BuiltInstrument, instrumentFrom } from './candle-instrument.ts'
import { assumptionsOf, warningsOf } from './candle-notes.ts'
import { type CandleBacktestOptions, type CandlePlan, planCandles } from './candle-options.ts'
import { readCandleFiles } from './candle-read.ts'
import { readTiersFile, type TiersBySymbol } from './candle-tiers.ts'

/** Candles read and checked, and all that a run over them needs. */
export type PreparedCandles = {
  readonly options: CandleBacktestOptions
  readonly plan: CandlePlan
  readonly candles: readonly CheckedCandles[]
  readonly sources: BacktestResult['sources']
  readonly table: BarTable
  readonly built: readonly BuiltInstrument[]
  readonly tiers: TiersBySymbol | undefined
  readonly terms: LiveTerms
}

/**
 * Backtests a strategy over candles.
 *
 * @throws TradingError OPTION_INVALID, CONFIG_INVALID, FILE_UNREADABLE, SYMBOL_UNKNOWN, CANDLE_MALFORMED,
 *   FUNDING_MISSING, EQUITY_TOO_SMALL; each with one line that names the file and row, or the option
 */
export const runCandleBacktest = async (options: CandleBacktestOptions): Promise<BacktestResult> =>
  playCandles(await prepareCandles(options))

/** The reading half of {@link runCandleBacktest}, for callers that run more than once. */
export async function prepareCandles(options: CandleBacktestOptions): Promise<PreparedCandles> {
  const plan = planCandles(options)
  const { symbols, nowUs, onProgress } = options
  const files = findCandleFiles(options.candles, symbols, plan.intervalUs)
  const { candles, sources } = await readCandleFiles(files, {
    symbols,
    refusesMixed: options.refusesMixed,
    intervalUs: plan.intervalUs,
    nowUs,
    allowGaps: options.allowGaps ?? false,
    onFile: onProgress && ((done, total) => onProgress(done, total, 'reading candles')),
  })
  const cut = candles.map((one) => cutToSpan(one, options))
  const table = alignBars(cut, (candles[0] as CheckedCandles).intervalUs)
  const tiers = options.tiers === undefined ? undefined : await readTiersFile(options.tiers)
  const funding = options.funding === undefined ? undefined : await readFundingFile(options.funding)
  const built = candles.map((one, index) =>
    instrumentFrom(one, cut[index] as BarColumns, { table, tiers, funding, options }),
  )
  const terms = {
    makerFeePpm: Math.round(plan.rules.makerFeeRatio * 1e6),
    takerFeePpm: Math.round(plan.rules.takerFeeRatio * 1e6),
    intervalUs: table.intervalUs,
  }
  const prepared = { options, plan, candles, sources, table, built, tiers, terms }
  checkCapital(prepared)
  return prepared
}

/** A strategy in its initial state. @throws TradingError CONFIG_INVALID */
export const strategyOf = ({ plan, built, options, terms }: PreparedCandles): BarStrategy =>
  createBarStrategy(plan.strategy, {
    instruments: built.map(({ instrument }) => instrument),
    config: options.parameters,
    terms,
  })

/** The running half of {@link runCandleBacktest}; deterministic, and may be called again. */
export function playCandles(prepared: PreparedCandles): BacktestResult {
  const { options, plan, table, built } = prepared
  const { onProgress } = options
  const run = runBars({
    table,
    instruments: built.map(({ instrument }) => instrument),
    rules: plan.rules,
    strategy: strategyOf(prepared),
    onProgress: onProgress && ((done, total) => onProgress(done, total, 'playing bars')),
  })
  return resultFromRun(run, {
    sources: prepared.sources,
    command: options.command,
    commit: options.commit,
    seed: options.seed ?? 0,
    assumptions: assumptionsOf({ ...prepared, run }),
    warnings: warningsOf({ ...prepared, run }),
  })
}

/** @throws TradingError CANDLE_MALFORMED when no bar of a symbol is inside */
function cutToSpan({ columns }: CheckedCandles, options: CandleBacktestOptions): BarColumns {
  const { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY } = options
  const cut = sliceBars(columns, fromUs, toUs)
  if (cut.timeUs.length > 0) return cut
  throw new TradingError(
    'OPTION_INVALID',
    `${columns.symbol} has no bars between --from and --to; widen the span or leave the symbol out`,
  )
}

/** @throws TradingError EQUITY_TOO_SMALL naming the equity that would do */
function checkCapital({ plan, built, table, options, terms }: PreparedCandles): void {
  const { strategy, rules } = plan
  const least = built.map(({ instrument }, index) =>
    minimumCapitalQuote(strategy, {
      instrument,
      priceQuote: table.columns[index]?.close[0] as number,
      config: options.parameters,
      terms,
    }),
  )
  const most = Math.max(...least)
  const share = (rules.startEquityQuote / built.length) * rules.leverage
  if (share >= most) return
  const needed = Math.ceil((most * built.length) / rules.leverage)
  const symbol = table.columns[least.indexOf(most)]?.symbol
  throw new TradingError(
    'EQUITY_TOO_SMALL',
    `${strategy}: the share of ${symbol} is ${share.toFixed(2)} but its orders need ${most.toFixed(2)}; give --equity ${needed} or more, or fewer symbols`,
  )
}
