import {
  type CommandLine,
  invalidOption,
  type OptionTypes,
  oneOf,
  readCommandLine,
} from '#pipelines/data/command-line.ts'
import { queueModels } from '#shared/simulation/backtest/queue-model.ts'
import { readStrategyName, strategyNames } from '#shared/strategy/registry.ts'
import type { CandleBacktestOptions } from './candle-options.ts'
import { latencyKinds, readLatencyMs } from './latency-choice.ts'
import type { Fees, GivenParameters } from './strategy-spec.ts'
import type { TickBacktestOptions } from './tick.ts'

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

const optionTypes = {
  strategy: text,
  tape: texts,
  symbols: text,
  equity: text,
  'maker-bps': text,
  'taker-bps': text,
  'latency-ms': text,
  'latency-model': text,
  'latency-samples': text,
  'latency-factor': text,
  queue: text,
  param: texts,
  'waive-funding': flag,
  real: flag,
  'check-lookahead': flag,
  'no-check-lookahead': flag,
  candles: texts,
  interval: text,
  leverage: text,
  path: text,
  'through-ticks': text,
  'gap-fill': text,
  'slippage-bps': text,
  'liquidation-fee-bps': text,
  funding: text,
  tiers: text,
  spot: flag,
  'allow-gaps': flag,
  from: text,
  to: text,
  parity: text,
  seed: text,
  out: text,
  json: flag,
  help: { type: 'boolean', short: 'h' },
} satisfies OptionTypes

const candleOnly = [
  'interval',
  'leverage',
  'path',
  'through-ticks',
  'gap-fill',
  'slippage-bps',
  'liquidation-fee-bps',
  'funding',
  'tiers',
  'spot',
  'allow-gaps',
  'from',
  'to',
] as const
const tapeOnly = [
  'latency-ms',
  'latency-model',
  'latency-samples',
  'latency-factor',
  'queue',
  'real',
  'check-lookahead',
  'no-check-lookahead',
] as const

/** What the person asked for. */
export type BacktestCommand = {
  readonly out: string | undefined
  readonly isJson: boolean
} & (
  | { readonly kind: 'help' }
  | {
      readonly kind: 'tape'
      readonly options: TickBacktestOptions
      /** Undefined: by the length of the tape. */
      readonly checksLookAhead: boolean | undefined
    }
  | { readonly kind: 'candle'; readonly options: CandleBacktestOptions }
  | { readonly kind: 'parity'; readonly run: string; readonly origin: Origin }
)

/** What a result says of the command that made it. */
export type Origin = { readonly nowUs: number; readonly command: string; readonly commit: string }

/** @throws TradingError OPTION_INVALID, CONFIG_INVALID */
export function readBacktestCommand(argv: readonly string[], origin: Origin): BacktestCommand {
  const line = readCommandLine(argv, optionTypes)
  const common = { out: line.text('out'), isJson: line.has('json') }
  if (line.has('help')) return { kind: 'help', ...common }
  const candles = line.texts('candles')
  const tapes = line.texts('tape').flatMap((list) => list.split(','))
  const run = line.text('parity')
  const modes = [candles.length > 0, tapes.length > 0, run !== undefined].filter(Boolean).length
  if (modes !== 1)
    throw invalidOption(
      modes === 0
        ? 'nothing to replay: give --tape FILE, --candles PATH or --parity RUN; see --help'
        : '--tape, --candles and --parity exclude one another',
    )
  if (candles.length === 0 && line.positionals.length > 0)
    throw invalidOption(`'${line.positionals[0]}' belongs to no option; files come after --tape`)
  if (run !== undefined) return { kind: 'parity', run, origin, ...common }
  refuseOptions(line, candles.length > 0 ? tapeOnly : candleOnly, candles.length > 0)
  return candles.length > 0
    ? { kind: 'candle', options: candleOptions(line, candles, origin), ...common }
    : {
        kind: 'tape',
        options: tickOptions(line, tapes, origin),
        checksLookAhead: lookAheadChoice(line),
        ...common,
      }
}

function tickOptions(
  line: CommandLine,
  tapes: readonly string[],
  origin: Origin,
): TickBacktestOptions {
  const samplesPath = line.text('latency-samples')
  const kind = oneOf(
    '--latency-model',
    line.text('latency-model') ?? (samplesPath === undefined ? 'constant' : 'interpolated'),
    latencyKinds,
  )
  const symbols = symbolsOf(line)
  return {
    tapes,
    strategy: readStrategyName(
      oneOf('--strategy', line.need('strategy', '--strategy glft'), strategyNames),
    ),
    ...(symbols ? { symbols } : {}),
    parameters: parametersOf(line),
    equityQuote: equityOf(line),
    fees: feesOf(line),
    latency: {
      kind,
      us: readLatencyMs(line.text('latency-ms') ?? '5,5,5'),
      ...(samplesPath === undefined ? {} : { samplesPath }),
      factor: numberOf(line, 'latency-factor') ?? 1,
    },
    queueModel: oneOf('--queue', line.text('queue') ?? 'behind', queueModels),
    isFundingWaived: line.has('waive-funding'),
    isRealClaimed: line.has('real'),
    seed: seedOf(line),
    ...origin,
  }
}

function candleOptions(
  line: CommandLine,
  candles: readonly string[],
  origin: Origin,
): CandleBacktestOptions {
  return {
    candles: [...candles, ...line.positionals],
    interval: line.text('interval'),
    symbols: symbolsOf(line) ?? 'all',
    refusesMixed: symbolsOf(line) === undefined,
    strategy: line.need('strategy', '--strategy grid'),
    parameters: parametersOf(line),
    startEquityQuote: equityOf(line),
    leverage: numberOf(line, 'leverage'),
    path: line.text('path'),
    throughTicks: numberOf(line, 'through-ticks'),
    gapFill: line.text('gap-fill'),
    makerFeeBps: numberOf(line, 'maker-bps'),
    takerFeeBps: numberOf(line, 'taker-bps'),
    slippageBps: numberOf(line, 'slippage-bps'),
    liquidationFeeBps: numberOf(line, 'liquidation-fee-bps'),
    funding: line.text('funding'),
    waiveFunding: line.has('waive-funding'),
    tiers: line.text('tiers'),
    spot: line.has('spot'),
    allowGaps: line.has('allow-gaps'),
    fromUs: timeOf(line, 'from'),
    toUs: timeOf(line, 'to'),
    seed: seedOf(line),
    ...origin,
  }
}

function refuseOptions(line: CommandLine, names: readonly string[], isCandle: boolean): void {
  const given = names.find((name) => line.text(name) !== undefined || line.has(name))
  if (given !== undefined)
    throw invalidOption(`--${given} belongs to ${isCandle ? '--tape' : '--candles'}; see --help`)
}

function lookAheadChoice(line: CommandLine): boolean | undefined {
  if (line.has('no-check-lookahead')) return false
  return line.has('check-lookahead') ? true : undefined
}

function symbolsOf(line: CommandLine): readonly string[] | 'all' | undefined {
  const list = line.text('symbols')
  if (list === undefined || list === 'all') return list
  return list.split(',').map((symbol) => symbol.trim().toUpperCase())
}

function parametersOf(line: CommandLine): GivenParameters {
  const parameters: Record<string, number | boolean> = {}
  for (const pair of line.texts('param')) {
    const at = pair.indexOf('=')
    const value = pair.slice(at + 1)
    if (at <= 0 || value === '')
      throw invalidOption(`--param '${pair}' is not NAME=VALUE, e.g. --param riskAversion=0.3`)
    parameters[pair.slice(0, at)] =
      value === 'true' || value === 'false'
        ? value === 'true'
        : parseNumber(`--param ${pair}`, value)
  }
  return parameters
}

/** bps → millionths, which the instruments count in. */
function feesOf(line: CommandLine): Fees {
  const ppm = (name: 'maker-bps' | 'taker-bps'): number | undefined => {
    const bps = numberOf(line, name)
    if (bps === undefined) return undefined
    if (!(bps > -100 && bps < 100))
      throw invalidOption(`--${name} ${bps} is not between -100 and 100`)
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

function equityOf(line: CommandLine): number {
  const equity = numberOf(line, 'equity') ?? 10_000
  if (!(equity > 0 && equity <= 1e9))
    throw invalidOption(`--equity ${equity} is not between 0 and 1000000000`)
  return equity
}

const seedOf = (line: CommandLine): number =>
  line.whole('seed', { least: 0, most: 4_294_967_295 }) ?? 1

function numberOf(line: CommandLine, name: string): number | undefined {
  const value = line.text(name)
  return value === undefined ? undefined : parseNumber(`--${name}`, value)
}

function parseNumber(what: string, value: string): number {
  if (/^-?(\d+(\.\d*)?|\.\d+)(e-?\d+)?$/i.test(value)) return Number(value)
  throw invalidOption(`${what}: '${value}' is not a number`)
}

/** `2025-10-10` or `2025-10-10T12:00Z` → µs, UTC. */
function timeOf(line: CommandLine, name: string): number | undefined {
  const value = line.text(name)
  if (value === undefined) return undefined
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(value)
  const ms = isDate
    ? Date.parse(value.includes('T') && !value.endsWith('Z') ? `${value}Z` : value)
    : Number.NaN
  if (Number.isNaN(ms))
    throw invalidOption(
      `--${name} '${value}' is not a UTC date, e.g. 2025-10-10 or 2025-10-10T12:00Z`,
    )
  return ms * 1_000
}
