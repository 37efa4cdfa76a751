import type { Command, Given, Options } from '#shared/cloud/command-line/command.ts'
import { symbols } from '#shared/cloud/command-line/market-option.ts'
import {
  choice,
  date,
  file,
  flag,
  folder,
  json,
  list,
  number,
  option,
  repeated,
  seed,
  text,
} from '#shared/cloud/command-line/option.ts'
import {
  invalidOption,
  missingOption,
  readChoice,
  readNumber,
  readPair,
} from '#shared/cloud/command-line/read-word.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import { queueModels } from '#shared/simulation/backtest/queue-model.ts'
import { intrabarPaths } from '#shared/simulation/bar/path.ts'
import { strategyNames } from '#shared/strategy/registry.ts'
import type { CandleBacktestOptions } from './candle-options.ts'
import { latencyKinds, readLatencyMs } from './latency-choice.ts'
import type { Fees, GivenParameters } from './strategy-spec.ts'
import type { TickBacktestOptions } from './tick.ts'

const sources = {
  tape: list({
    value: 'FILES',
    what: 'captures or tapes, comma-separated or repeated; the same market follows one another, different markets run on one clock',
  }),
  candles: repeated({
    value: 'PATH',
    what: 'files or folders (.csv, .csv.gz, .parquet), repeatable; every path after it',
  }),
  parity: text({
    value: 'RUN',
    what: 'folder of a run (run/<id>): the same events must give the same intents, and its orders are made and filled anew from its market alone; the difference is the error of the fill simulation',
  }),
} satisfies Options

const trading = {
  strategy: text({
    value: 'NAME',
    what: `on tapes ${strategyNames.join(', ')}; on candles grid, sma-cross, rsi-reversal, buy-and-hold, equal-weight`,
  }),
  symbols: symbols({ what: "which of several markets; 'all' for all of them" }),
  equity: number({ what: 'start equity in quote', range: [1e-6, 1e9], default: '10000' }),
  'maker-bps': number({
    what: "fee in bps of the notional, negative is a rebate; default: as the tape's instruments, 1 on candles",
    range: [-100, 100],
  }),
  'taker-bps': number({ what: 'likewise; 3.5 on candles', range: [-100, 100] }),
  param: repeated({ value: 'NAME=VALUE', what: 'setting of the strategy, repeatable' }),
  'waive-funding': flag('no funding where no rate is told; without it that is an error'),
  seed: seed({ what: 'written into the report', default: '1' }),
} satisfies Options

const tapeOnly = {
  'latency-ms': option(
    { value: 'FEED,ENTRY,RESPONSE', what: 'how long each way takes', default: '5,5,5' },
    readLatencyMs,
  ),
  'latency-model': choice({
    choices: latencyKinds,
    value: 'MODEL',
    what: 'constant; recorded: feed as recorded, clock offset removed; interpolated: between the samples, and the default with them',
  }),
  'latency-samples': file({ what: 'CSV time_us,feed_us,entry_us,response_us' }),
  'latency-factor': number({ what: 'everything times N', default: '1' }),
  queue: choice({
    choices: queueModels,
    value: 'MODEL',
    what: 'behind: cancels come from behind us, cautious; or proportional',
    default: 'behind',
  }),
  real: flag('refuse a market that may be invented'),
  'check-lookahead': flag(
    'cut off the future, run again, compare; without it, tapes below five minutes are checked',
  ),
  'no-check-lookahead': flag('check none'),
} satisfies Options

const candleOnly = {
  interval: text({ value: '1h', what: 'needed when a folder holds several, else found' }),
  leverage: number({ what: 'capped by the margin tier', default: '1' }),
  path: choice({
    choices: intrabarPaths,
    value: 'NAME',
    what: `order of prices within a bar: ${intrabarPaths.join(', ')}`,
    default: 'pessimistic',
  }),
  'through-ticks': number({ what: 'how far a price goes beyond a limit to fill it', default: '1' }),
  'gap-fill': choice({
    choices: ['limit', 'open'],
    what: 'price of a resting limit that the open jumps over',
    default: 'limit',
  }),
  'slippage-bps': number({ what: 'of market and stop fills', default: '2' }),
  'liquidation-fee-bps': number({ what: 'of the notional', default: '150' }),
  funding: file({ what: 'settled rates' }),
  tiers: file({ what: 'leverage tiers in the CCXT layout; default: cautious ones' }),
  spot: flag('the candles are of spot markets: no funding exists'),
  'allow-gaps': flag('holes between bars are a warning instead of an error'),
  from: date({ what: 'first bar, e.g. 2025-10-10 or 2025-10-10T12:00, UTC' }),
  to: date({ what: 'the first moment that is left out' }),
} satisfies Options

const output = {
  out: folder({ what: 'report.html, result.json, fills.csv; default: run/backtest-<name>' }),
  json,
} satisfies Options

export const backtestCommand = {
  call: 'npm run backtest',
  what: 'Replays a recorded market through the trader that trades live, and says honestly what came of it.',
  usage: [
    'npm run backtest -- --strategy NAME --tape FILE[,FILE] [options]',
    'npm run backtest -- --strategy NAME --candles PATH... [options]',
    'npm run backtest -- --parity RUN [options]',
  ],
  words: { value: 'PATH...', what: 'more candles, behind --candles PATH', least: 0 },
  options: { ...sources, ...trading, ...tapeOnly, ...candleOnly, ...output },
  sections: {
    Market: sources,
    Trading: trading,
    'With --tape': tapeOnly,
    'With --candles': candleOnly,
    Output: output,
  },
  examples: [
    'npm run backtest -- --strategy glft --tape run/simulation-7/tape.arrow --symbols BTCUSDT',
    'npm run backtest -- --strategy glft --tape day1.gz,day2.gz --maker-bps -0.5 --latency-ms 5,20,10',
    'npm run backtest -- --strategy grid --candles run/market/aster/klines_1h --waive-funding',
    'npm run backtest -- --parity run/simulation-7',
  ],
  notes: [
    'npm run simulate -- --seed 7 makes run/simulation-7; npm run data -- pull --venue aster --symbols BTCUSDT --from 2025-01-01 makes run/market/aster.',
  ],
  exits: { 0: 'done (also when it lost money)', 1: 'parity does not hold' },
} satisfies Command

type Line = Given<typeof backtestCommand.options>

/** What the person asked for. */
export type BacktestRequest =
  | {
      readonly kind: 'tape'
      readonly options: TickBacktestOptions
      /** Undefined: by the length of the tape. */
      readonly checksLookAhead: boolean | undefined
    }
  | { readonly kind: 'candle'; readonly options: CandleBacktestOptions }
  | { readonly kind: 'parity'; readonly run: string; readonly origin: Origin }

/** What a result says of the command that made it. */
export type Origin = { readonly nowUs: number; readonly command: string; readonly commit: string }

/** @throws TradingError OPTION_INVALID, CONFIG_INVALID */
export function requestOf(line: Line, origin: Origin): BacktestRequest {
  const { candles, parity, tape } = line.options
  const modes = [candles.length > 0, tape !== undefined, parity !== undefined].filter(Boolean)
  if (modes.length !== 1)
    throw invalidOption(
      modes.length === 0
        ? 'nothing to replay: give --tape FILE, --candles PATH or --parity RUN; see --help'
        : '--tape, --candles and --parity exclude one another',
    )
  const isCandle = candles.length > 0
  if (!isCandle && line.words.length > 0)
    throw invalidOption(`'${line.words[0]}' belongs to no option; files come after --tape`)
  if (parity !== undefined) return { kind: 'parity', run: parity, origin }
  const foreign = Object.keys(isCandle ? tapeOnly : candleOnly).find((name) => line.names.has(name))
  if (foreign !== undefined)
    throw invalidOption(`--${foreign} belongs to ${isCandle ? '--tape' : '--candles'}; see --help`)
  if (isCandle) return { kind: 'candle', options: candleOptions(line, origin) }
  const { 'check-lookahead': isWanted, 'no-check-lookahead': isUnwanted } = line.options
  return {
    kind: 'tape',
    options: tickOptions(line, origin),
    checksLookAhead: isUnwanted ? false : isWanted || undefined,
  }
}

function tickOptions({ options }: Line, origin: Origin): TickBacktestOptions {
  const { 'latency-samples': samplesPath, 'latency-model': model, symbols: chosen } = options
  return {
    tapes: options.tape ?? [],
    strategy: readChoice(strategyOf(options.strategy, 'glft'), '--strategy', strategyNames),
    ...(chosen ? { symbols: allOr(chosen) } : {}),
    parameters: parametersOf(options.param),
    equityQuote: options.equity,
    fees: feesOf(options),
    latency: {
      kind: model ?? (samplesPath === undefined ? 'constant' : 'interpolated'),
      us: options['latency-ms'],
      ...(samplesPath === undefined ? {} : { samplesPath }),
      factor: options['latency-factor'],
    },
    queueModel: options.queue,
    isFundingWaived: options['waive-funding'],
    isRealClaimed: options.real,
    seed: options.seed,
    ...origin,
  }
}

function candleOptions({ options, words }: Line, origin: Origin): CandleBacktestOptions {
  const { candles, from, symbols: chosen = ['ALL'], to } = options
  return {
    candles: [...candles, ...words],
    interval: options.interval,
    symbols: allOr(chosen),
    refusesMixed: options.symbols === undefined,
    strategy: strategyOf(options.strategy, 'grid'),
    parameters: parametersOf(options.param),
    startEquityQuote: options.equity,
    leverage: options.leverage,
    path: options.path,
    throughTicks: options['through-ticks'],
    gapFill: options['gap-fill'],
    makerFeeBps: options['maker-bps'],
    takerFeeBps: options['taker-bps'],
    slippageBps: options['slippage-bps'],
    liquidationFeeBps: options['liquidation-fee-bps'],
    funding: options.funding,
    waiveFunding: options['waive-funding'],
    tiers: options.tiers,
    spot: options.spot,
    allowGaps: options['allow-gaps'],
    fromUs: from === undefined ? undefined : from * microsPerMilli,
    toUs: to === undefined ? undefined : to * microsPerMilli,
    seed: options.seed,
    ...origin,
  }
}

function strategyOf(name: string | undefined, example: string): string {
  if (name === undefined) throw missingOption('--strategy', example)
  return name
}

const allOr = (symbols: readonly string[]): readonly string[] | 'all' =>
  symbols.includes('ALL') ? 'all' : symbols

function parametersOf(pairs: readonly string[]): GivenParameters {
  const parameters: Record<string, number | boolean> = {}
  for (const pair of pairs) {
    const [name, value] = readPair(pair, '--param')
    parameters[name] =
      value === 'true' || value === 'false'
        ? value === 'true'
        : readNumber(value, `--param ${name}`)
  }
  return parameters
}

/** bps → millionths, which the instruments count in. */
function feesOf(options: Line['options']): Fees {
  const ppm = (name: 'maker-bps' | 'taker-bps'): number | undefined => {
    const bps = options[name]
    if (bps === undefined) return undefined
    if (!Number.isInteger(Math.round(bps * 1e6) / 1e4))
      throw invalidOption(`--${name} ${bps} has more than two decimals`)
    return Math.round(bps * 100)
  }
  const makerFeePpm = ppm('maker-bps')
  const takerFeePpm = ppm('taker-bps')
  return {
    ...(makerFeePpm === undefined ? {} : { makerFeePpm }),
    ...(takerFeePpm === undefined ? {} : { takerFeePpm }),
  }
}
