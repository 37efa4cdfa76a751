import type { BacktestResult } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { runBars } from '#shared/simulation/bar/run.ts'
import { alignBars, type BarColumns, sliceBars } from '#shared/simulation/bar/series.ts'
import type { BarInstrument } from '#shared/simulation/bar/state.ts'
import { createBarStrategy, minimumCapitalQuote } from '#shared/simulation/bar/strategy/registry.ts'
import { resultFromRun } from './bar-result.ts'
import type { CheckedCandles } from './candle-check.ts'
import { findCandleFiles } from './candle-file.ts'
import { readFundingFile } from './candle-funding.ts'
import { instrumentFrom } from './candle-instrument.ts'
import { assumptionsOf, warningsOf } from './candle-notes.ts'
import { type CandleBacktestOptions, type CandlePlan, planCandles } from './candle-options.ts'
import { readCandleFiles } from './candle-read.ts'
import { readTiersFile } from './candle-tiers.ts'

/**
 * Backtests a strategy over candles.
 *
 * @throws TradingError OPTION_INVALID, CONFIG_INVALID, FILE_UNREADABLE, SYMBOL_UNKNOWN, CANDLE_MALFORMED,
 *   FUNDING_MISSING, EQUITY_TOO_SMALL; each with one line that names the file and row, or the option
 */
export async function runCandleBacktest(options: CandleBacktestOptions): Promise<BacktestResult> {
  const plan = planCandles(options)
  const { symbols, nowUs, onProgress } = options
  const files = findCandleFiles(options.candles, symbols, plan.intervalUs)
  const { candles, sources } = await readCandleFiles(files, {
    symbols,
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
  const instruments = built.map(({ instrument }) => instrument)
  const terms = {
    makerFeePpm: Math.round(plan.rules.makerFeeRatio * 1e6),
    takerFeePpm: Math.round(plan.rules.takerFeeRatio * 1e6),
    intervalUs: table.intervalUs,
  }
  const config = options.parameters
  const strategy = createBarStrategy(plan.strategy, { instruments, config, terms })
  checkCapital(plan, { instruments, cut, config, terms })
  const run = runBars({
    table,
    instruments,
    rules: plan.rules,
    strategy,
    onProgress: onProgress && ((done, total) => onProgress(done, total, 'playing bars')),
  })
  const facts = { candles, instruments, tiers, built, run, options }
  return resultFromRun(run, {
    sources,
    command: options.command,
    commit: options.commit,
    seed: options.seed ?? 0,
    assumptions: assumptionsOf(facts),
    warnings: warningsOf(facts),
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
function checkCapital(
  { strategy, rules }: CandlePlan,
  inputs: {
    readonly instruments: readonly BarInstrument[]
    readonly cut: readonly BarColumns[]
    readonly config: CandleBacktestOptions['parameters']
    readonly terms: Parameters<typeof minimumCapitalQuote>[1]['terms']
  },
): void {
  const { instruments, cut, config, terms } = inputs
  const least = instruments.map((instrument, index) =>
    minimumCapitalQuote(strategy, {
      instrument,
      priceQuote: cut[index]?.close[0] as number,
      config,
      terms,
    }),
  )
  const most = Math.max(...least)
  const share = (rules.startEquityQuote / instruments.length) * rules.leverage
  if (share >= most) return
  const needed = Math.ceil((most * instruments.length) / rules.leverage)
  const symbol = instruments[least.indexOf(most)]?.symbol
  throw new TradingError(
    'EQUITY_TOO_SMALL',
    `${strategy}: the share of ${symbol} is ${share.toFixed(2)} but its orders need ${most.toFixed(2)}; give --equity ${needed} or more, or fewer symbols`,
  )
}
