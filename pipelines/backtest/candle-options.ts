import { readChoice } from '#shared/cloud/command-line/read-word.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { intrabarPaths } from '#shared/simulation/bar/path.ts'
import type { BarRules } from '#shared/simulation/bar/state.ts'
import {
  type BarStrategyName,
  readBarStrategyName,
} from '#shared/simulation/bar/strategy/registry.ts'
import { intervalUsFromText } from './candle-interval.ts'

/** What a candle backtest is asked for; everything that is left out has the default named here. */
export type CandleBacktestOptions = {
  /** Files (.csv, .csv.gz, .parquet) or folders of them. */
  readonly candles: readonly string[]
  /** `1m` to `1d`; needed when a folder holds several, else found from the rows. */
  readonly interval?: string | undefined
  readonly symbols: readonly string[] | 'all'
  /** Refuse a file that holds several symbols: nobody chose among them. */
  readonly refusesMixed?: boolean | undefined
  readonly strategy: string
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  /** 10,000; split equally over the symbols, each share margined alone. */
  readonly startEquityQuote?: number | undefined
  /** 1; capped by the margin tier. */
  readonly leverage?: number | undefined
  /** `pessimistic`. */
  readonly path?: string | undefined
  /** 1; 0 lets a touch fill. */
  readonly throughTicks?: number | undefined
  /** `limit`: a resting limit that the open jumps over fills at its own price. `open`: at the open. */
  readonly gapFill?: string | undefined
  /** 1, what Aster charges; negative is a rebate. */
  readonly makerFeeBps?: number | undefined
  /** 3.5, what Aster charges. */
  readonly takerFeeBps?: number | undefined
  /** 2, on market and stop fills. */
  readonly slippageBps?: number | undefined
  /** 150, the commonest value at Binance. */
  readonly liquidationFeeBps?: number | undefined
  /** File of settled rates. */
  readonly funding?: string | undefined
  /** Missing rates become an assumption instead of an error. */
  readonly waiveFunding?: boolean | undefined
  /** Leverage tiers in the CCXT layout; left out, a cautious schedule for all symbols. */
  readonly tiers?: string | undefined
  /** The candles are of spot markets: no funding exists. */
  readonly spot?: boolean | undefined
  /** Holes between bars become a warning instead of an error. */
  readonly allowGaps?: boolean | undefined
  /** Only bars that open in [fromUs, toUs). */
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
  /** Wall time: later bars are refused. */
  readonly nowUs: number
  readonly seed?: number | undefined
  readonly command: string
  readonly commit: string
  readonly onProgress?: ((done: number, total: number, what: string) => void) | undefined
}

/** Options with every value checked and filled. */
export type CandlePlan = {
  readonly strategy: BarStrategyName
  readonly rules: BarRules
  readonly intervalUs: number | undefined
}

/** @throws TradingError OPTION_INVALID, CONFIG_INVALID naming the option and its range */
export function planCandles(options: CandleBacktestOptions): CandlePlan {
  if (options.candles.length === 0)
    throw new TradingError('OPTION_INVALID', 'no candles: give --candles FILE or FOLDER')
  if (options.symbols !== 'all' && options.symbols.length === 0)
    throw new TradingError('OPTION_INVALID', 'no symbols: give --symbols BTCUSDT,… or all')
  if (options.funding !== undefined && options.spot)
    throw new TradingError(
      'OPTION_INVALID',
      'spot markets pay no funding: drop --funding or --spot',
    )
  return {
    strategy: readBarStrategyName(options.strategy),
    intervalUs: options.interval === undefined ? undefined : intervalUsFromText(options.interval),
    rules: {
      startEquityQuote: inRange('--equity', options.startEquityQuote ?? 10_000, 1e-6, 1e15),
      leverage: inRange('--leverage', options.leverage ?? 1, 0.01, 125),
      makerFeeRatio: inRange('--maker-fee-bps', options.makerFeeBps ?? 1, -100, 1_000) / 1e4,
      takerFeeRatio: inRange('--taker-fee-bps', options.takerFeeBps ?? 3.5, -100, 1_000) / 1e4,
      liquidationFeeRatio:
        inRange('--liquidation-fee-bps', options.liquidationFeeBps ?? 150, 0, 5_000) / 1e4,
      slippageRatio: inRange('--slippage-bps', options.slippageBps ?? 2, 0, 1_000) / 1e4,
      throughTicks: inRange('--through-ticks', options.throughTicks ?? 1, 0, 1e6),
      path: readChoice(options.path ?? 'pessimistic', '--path', intrabarPaths),
      gapFill: readChoice(options.gapFill ?? 'limit', '--gap-fill', ['limit', 'open']),
    },
  }
}

function inRange(option: string, value: number, min: number, max: number): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value
  throw new TradingError(
    'OPTION_INVALID',
    `${option} is ${value}, must be a number from ${min} to ${max}`,
  )
}
