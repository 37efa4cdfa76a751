import type { Command, Options, Values } from '#shared/cloud/command-line/command.ts'
import { symbols } from '#shared/cloud/command-line/market-option.ts'
import {
  choice,
  choices,
  duration,
  folder,
  json,
  list,
  number,
  seed,
  whole,
} from '#shared/cloud/command-line/option.ts'
import { invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { strategyNames } from '#shared/strategy/registry.ts'

const traderOptions = {
  seed: seed({ what: 'seed of the generated market', default: '1' }),
  strategies: choices({
    choices: strategyNames,
    what: 'which strategies trade',
    default: strategyNames.join(','),
  }),
  equity: whole({
    what: 'paper money in USDT; live: size of the account, which sets its limits',
    range: [1, 1_000_000_000],
    default: '10000',
  }),
  folder: folder({ what: 'where runs are kept', default: 'run' }),
  json,
} satisfies Options

export const startCommand = {
  call: 'npm start',
  what: 'asterai - trades perpetual futures; paper money unless told otherwise',
  options: {
    for: duration({ what: 'end by itself after TIME (90s, 10m, 2h); default: until Ctrl-C' }),
    tape: list({
      value: 'FILE[,FILE]',
      what: 'trade on a recorded market: raw captures (.gz) or tapes (.arrow)',
    }),
    venue: choice({
      choices: ['twin', 'aster'],
      what: "twin: a local exchange; aster: Aster's public market, paper fills",
      default: 'twin',
    }),
    symbols: symbols({ what: 'what to trade; default: BTCUSDT,ETHUSDT, or what the tape holds' }),
    mode: choice({
      choices: ['paper', 'live'],
      what: 'live needs keys and ASTERAI_ALLOW_LIVE=yes',
      default: 'paper',
    }),
    port: whole({
      what: 'port of the console; 0 takes a free one',
      range: [0, 65_535],
      default: '8787',
    }),
    cloud: choice({
      choices: ['none', 'emulated'],
      what: 'emulated: the cloud bindings, to emulators on this machine',
      default: 'none',
    }),
    'keep-gb': number({
      what: 'tapes of all runs together; the oldest are removed first, never that of this run',
      range: [0, 1_000_000],
      default: '10',
    }),
    ...traderOptions,
  },
  examples: [
    ['npm start', 'watch it at http://127.0.0.1:8787'],
    ['npm start -- --for 60s --seed 7', 'one minute, then a summary'],
    ['npm start -- --tape capture.gz --for 120s', 'the same on recorded data'],
    'npm start -- --venue aster --symbols ASTERUSDT --equity 50',
  ],
  notes: [
    'Every run keeps all it received in DIR/ID/tape.arrow, about 2 GB a day; npm run replay needs it, nothing else does.',
    'The terminal may be closed: that ends a run in good order, as Ctrl-C does.',
  ],
  exits: { 0: 'ended as asked' },
} satisfies Command

export const simulateCommand = {
  call: 'npm run simulate',
  what: 'asterai simulate - the whole trader against the local exchange on a virtual clock',
  options: {
    for: duration({ what: 'simulated time', default: '10m' }),
    symbols: symbols({ what: 'what to trade', default: 'BTCUSDT,ETHUSDT' }),
    ...traderOptions,
  },
  examples: [
    'npm run simulate -- --seed 7 --for 10m',
    'npm run simulate -- --seed 7 --for 1h --strategies glft --json',
  ],
  notes: ['The same options give the same fingerprint, on every machine.'],
  exits: { 1: 'a fault, or books that differ from the account' },
} satisfies Command

/** What `npm start` was asked to do. */
export type RunOptions = Pick<
  Values<typeof startCommand.options>,
  'cloud' | 'folder' | 'mode' | 'port' | 'seed' | 'strategies' | 'symbols' | 'venue'
> & {
  /** Undefined: until somebody stops it. */
  readonly durationUs: number | undefined
  /** Recorded market to trade on instead of a generated one; empty for none. */
  readonly tapes: readonly string[]
  /** Size of the tapes of all runs together, above which the oldest are removed. */
  readonly keepTapesGb: number
  /** Paper money, in whole quote units. */
  readonly equityQuote: number
}

/** @throws TradingError OPTION_INVALID when options exclude one another */
export function runOptionsOf(given: Values<typeof startCommand.options>): RunOptions {
  const { equity, for: durationUs, 'keep-gb': keepTapesGb, tape: tapes = [], ...options } = given
  if (tapes.length > 0 && options.venue === 'aster')
    throw invalidOption('--tape plays a recorded market on the twin; leave out --venue aster')
  if (options.mode === 'live' && options.venue !== 'aster')
    throw invalidOption('--mode live trades on Aster itself; add --venue aster')
  return { ...options, durationUs, keepTapesGb, tapes, equityQuote: equity }
}
