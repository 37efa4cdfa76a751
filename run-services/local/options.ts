import { parseArgs } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { microsPerHour, microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import { type StrategyName, strategyNames } from '#shared/strategy/registry.ts'

/** What `npm start` and `npm run simulate` were asked to do. */
export type RunOptions = {
  /** Undefined: until somebody stops it. */
  readonly durationUs: number | undefined
  readonly seed: number
  /** Recorded market to trade on instead of a generated one; empty for none. */
  readonly tapes: readonly string[]
  readonly venue: 'twin' | 'aster'
  readonly mode: 'paper' | 'live'
  /** Undefined: the market's own default. */
  readonly symbols: readonly string[] | undefined
  readonly strategies: readonly StrategyName[]
  /** Paper money, in whole quote units. */
  readonly equityQuote: number
  readonly port: number
  readonly json: boolean
  readonly folder: string
  /** Which bindings the parts talk through. */
  readonly cloud: 'none' | 'emulated'
}

const optionTypes = {
  for: { type: 'string' },
  seed: { type: 'string' },
  tape: { type: 'string', multiple: true },
  venue: { type: 'string' },
  mode: { type: 'string' },
  symbols: { type: 'string' },
  strategies: { type: 'string' },
  equity: { type: 'string' },
  port: { type: 'string' },
  folder: { type: 'string' },
  cloud: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the command line.
 *
 * @returns 'help' when the help text was asked for
 * @throws TradingError OPTION_INVALID with one line naming the option and the remedy
 */
export function readRunOptions(argv: readonly string[]): RunOptions | 'help' {
  const given = parse(argv)
  if (given.help) return 'help'
  const strategies = listOf(given.strategies ?? strategyNames.join(','), 'strategies')
  for (const name of strategies)
    if (!isOneOf(name, strategyNames))
      throw invalid(`--strategies: no strategy '${name}'${hint(name, strategyNames)}`)

  const venue = oneOf('venue', given.venue ?? 'twin', ['twin', 'aster'] as const)
  const tapes = (given.tape ?? []).flatMap((text) => listOf(text, 'tape'))
  if (tapes.length > 0 && venue === 'aster')
    throw invalid('--tape plays a recorded market on the twin; leave out --venue aster')
  const mode = oneOf('mode', given.mode ?? 'paper', ['paper', 'live'] as const)
  if (mode === 'live' && venue !== 'aster')
    throw invalid('--mode live trades on Aster itself; add --venue aster')

  return {
    durationUs: given.for === undefined ? undefined : readDuration(given.for),
    seed: wholeNumber('seed', given.seed ?? '1', 0, 2 ** 32 - 1),
    tapes,
    venue,
    mode,
    symbols: given.symbols === undefined ? undefined : readSymbols(given.symbols),
    strategies: [...new Set(strategies)] as StrategyName[],
    equityQuote: wholeNumber('equity', given.equity ?? '10000', 1, 1_000_000_000),
    port: wholeNumber('port', given.port ?? '8787', 0, 65_535),
    json: given.json ?? false,
    folder: given.folder ?? 'run',
    cloud: oneOf('cloud', given.cloud ?? 'none', ['none', 'emulated'] as const),
  }
}

/** Options that no command knows are refused with the nearest one that exists. */
function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: optionTypes, strict: true }).values
  } catch (error) {
    const unknown = /Unknown option '(-{1,2}[^' ]*)/.exec((error as Error).message)?.[1]
    if (unknown) {
      const names = Object.keys(optionTypes).map((name) => `--${name}`)
      throw invalid(`unknown option ${unknown}${hint(unknown, names)}; --help lists all options`)
    }
    const text = (error as Error).message.split(/\.\s|\n/)[0] ?? ''
    throw invalid(`${text.charAt(0).toLowerCase()}${text.slice(1)}; see --help`)
  }
}

/** `90s`, `10m`, `2h`; a bare number is refused because its unit would be a guess. */
export function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text)
  const units = { s: microsPerSecond, m: microsPerMinute, h: microsPerHour }
  const durationUs = match ? Number(match[1]) * units[match[2] as keyof typeof units] : 0
  if (!(durationUs >= microsPerSecond))
    throw invalid(`--for '${text}' is not a duration of at least 1s; write 90s, 10m or 2h`)
  return Math.round(durationUs)
}

const readSymbols = (text: string): string[] => {
  const symbols = listOf(text, 'symbols').map((symbol) => symbol.toUpperCase())
  for (const symbol of symbols)
    if (!/^[A-Z0-9]{2,30}$/.test(symbol))
      throw invalid(`--symbols: '${symbol}' is not a symbol; write e.g. BTCUSDT,ETHUSDT`)
  return [...new Set(symbols)]
}

function listOf(text: string, option: string): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  if (items.length === 0) throw invalid(`--${option} is empty`)
  return items
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw invalid(`--${option} '${text}' is not a whole number from ${min} to ${max}`)
  return value
}

function oneOf<Choice extends string>(
  option: string,
  value: string,
  choices: readonly Choice[],
): Choice {
  if (!isOneOf(value, choices))
    throw invalid(
      `--${option} '${value}' is not one of ${choices.join(', ')}${hint(value, choices)}`,
    )
  return value
}

const isOneOf = <Choice extends string>(
  value: string,
  choices: readonly Choice[],
): value is Choice => (choices as readonly string[]).includes(value)

const hint = (word: string, choices: readonly string[]): string => {
  const nearest = suggest(word, choices)
  return nearest ? `; did you mean ${nearest}?` : ''
}

const invalid = (message: string): TradingError => new TradingError('OPTION_INVALID', message)

export const startHelp = `asterai - trades perpetual futures; paper money unless told otherwise

Usage: npm start -- [options]

Options:
  --for TIME          end by itself after TIME (90s, 10m, 2h); default: until Ctrl-C
  --seed N            seed of the generated market (default 1)
  --tape FILE[,FILE]  trade on a recorded market: raw captures (.gz) or tapes (.arrow)
  --venue NAME        twin: a local exchange (default); aster: Aster's public market, paper fills
  --symbols A,B       what to trade (default BTCUSDT,ETHUSDT, or what the tape holds)
  --strategies A,B    ${strategyNames.join(', ')} (default all)
  --equity N          paper money in USDT (default 10000); live: size of the account, to choose its limits
  --mode MODE         paper (default) or live; live needs keys and ASTERAI_ALLOW_LIVE=yes
  --port N            port of the console (default 8787; 0 takes a free one)
  --folder DIR        where runs are kept (default run)
  --cloud NAME        none (default); emulated: through the cloud bindings, to emulators on this machine
  --json              last line on standard output is one JSON object; all else goes to standard error
  --help              this text

Examples:
  npm start                                       watch it at http://127.0.0.1:8787
  npm start -- --for 60s --seed 7                 one minute, then a summary
  npm start -- --tape capture.gz --for 120s       the same on recorded data
  npm start -- --venue aster --symbols ASTERUSDT --equity 50

Exit codes: 0 ended as asked, 1 a fault while running, 2 input that cannot be used.`
