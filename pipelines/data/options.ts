import type { Command } from '#shared/cloud/command-line/command.ts'
import { steps, symbols } from '#shared/cloud/command-line/market-option.ts'
import {
  address,
  choice,
  date,
  flag,
  folder,
  json,
  needed,
  number,
  text,
} from '#shared/cloud/command-line/option.ts'
import { candleIntervals } from '#shared/market/candle-interval.ts'
import { pullKinds, venueNames } from './pull-source.ts'

/** Where market history lies unless told otherwise: beside everything else that programs write. */
export const marketFolder = 'run/market'

const real = flag('refuse what is marked as synthetic')

const pullCommand = {
  call: 'npm run data -- pull',
  what: 'Public REST into Parquet, one file per symbol and month (trades: per day).',
  usage: ['npm run data -- pull --venue NAME --symbols A,B --from DATE [options]'],
  options: {
    venue: needed(choice({ choices: venueNames, what: 'who is asked' }), 'aster'),
    kind: choice({
      choices: pullKinds,
      value: 'KIND',
      what: pullKinds.join(', '),
      default: 'klines',
    }),
    symbols: symbols({ what: 'which markets' }),
    interval: choice({
      choices: candleIntervals,
      value: 'NAME',
      what: `length of a candle: ${candleIntervals.join(' ')}`,
      default: '1h',
    }),
    from: date({ what: 'UTC, 2025-01-31 or 2025-01-31T12:00' }),
    to: date({ what: 'the first moment that is left out; default: now' }),
    out: folder({ what: 'folder of Parquet', default: marketFolder }),
    rest: address({ what: 'another host; what it answers is marked as synthetic' }),
    json,
  },
  examples: [
    'npm run data -- pull --venue aster --symbols BTCUSDT --from 2025-01-01 --to 2025-03-01',
    'npm run data -- pull --venue binance --symbols BTCUSDT,ETHUSDT --kind funding --from 2024-01-01',
  ],
  notes: [
    'Rows and SHA-256 of each file stand in manifest.json. The same command goes on where it stopped; whole files are verified and kept. Open candles are left out.',
  ],
} satisfies Command

const checkCommand = {
  call: 'npm run data -- check',
  what: 'A table, and one line per problem with file and row.',
  words: { value: 'PATH...', what: 'files or folders', least: 1 },
  options: {
    real,
    jump: number({
      value: 'PERCENT',
      what: 'change from close to close that deserves a line',
      range: [0.001, 1e6],
      default: '50',
    }),
    ...steps,
    json,
  },
  examples: ['npm run data -- check run/market'],
  exits: { 0: 'no error', 1: 'there is an error' },
} satisfies Command

const importCommand = {
  call: 'npm run data -- import',
  what: 'Candles and funding rates to Parquet; Tardis files and raw captures to a tape.',
  words: {
    value: 'FILE...',
    what: 'CSV or Parquet of candles and rates (files of one symbol are joined); trades, quotes and books of Tardis; raw captures',
    least: 1,
  },
  options: {
    out: text({
      value: 'PATH',
      what: `folder of Parquet (${marketFolder} when left out), or the tape to write`,
    }),
    real,
    symbol: text({ value: 'NAME', what: 'of a file whose rows and name say none' }),
    'utc-offset': number({
      value: 'HOURS',
      what: 'east of UTC, of times that name no zone',
      range: [-14, 14],
    }),
    ...steps,
    json,
  },
  examples: [
    'npm run data -- import run/market/binance/klines_1h --out run/candles',
    'npm run data -- import tardis_trades_20200222.csv --tick 0.01 --lot 0.001',
  ],
} satisfies Command

export const historyCommand = {
  call: 'npm run data',
  what: 'Market history: pull it, check it, import it.',
  options: {},
  verbs: { pull: pullCommand, check: checkCommand, import: importCommand },
  examples: [...pullCommand.examples, ...checkCommand.examples, ...importCommand.examples],
} satisfies Command
