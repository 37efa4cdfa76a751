import type { Command } from '#shared/cloud/command-line/command.ts'
import { steps, symbols } from '#shared/cloud/command-line/market-option.ts'
import { address, duration, file, needed } from '#shared/cloud/command-line/option.ts'

export const recordCommand = {
  call: 'npm run record',
  what: 'Records books, trades and mark prices of Aster to a tape.',
  usage: ['npm run record -- --symbols A,B [options]'],
  options: {
    symbols: needed(symbols({ what: 'what to record' }), 'BTCUSDT,ETHUSDT'),
    for: duration({ what: 'how long (90s, 10m, 2h); default: until Ctrl-C' }),
    out: file({
      what: 'tape to write; default: SYMBOLS.arrow in this folder; an existing one is replaced',
    }),
    rest: address({ what: 'REST host', default: 'https://fapi.asterdex.com' }),
    stream: address({ what: 'stream host', default: 'wss://fstream.asterdex.com' }),
  },
  examples: [
    'npm run record -- --symbols BTCUSDT --for 60s --out btc.arrow',
    'npm run record -- --symbols BTCUSDT --rest http://localhost:8788 --stream ws://localhost:8788',
  ],
} satisfies Command

const importCommand = {
  call: 'npm run tape -- import',
  what: 'Raw captures (gzipped or not) of one market, in order of time, into one tape.',
  words: { value: 'FILE...', what: 'captures of websocket messages', least: 1 },
  options: {
    out: file({ what: 'tape to write; default: name of the first file with .arrow' }),
    ...steps,
  },
  examples: [
    'npm run tape -- import day1.gz day2.gz --out btc.arrow',
    'npm run tape -- import day1.gz --tick 0.01 --lot 0.001',
  ],
  notes: ['A refused import leaves no tape.'],
} satisfies Command

const showCommand = {
  call: 'npm run tape -- show',
  what: 'What tapes hold: events by kind, span, instruments, breaks.',
  words: { value: 'FILE...', what: 'tapes of one market, in order of time', least: 1 },
  options: {},
  examples: ['npm run tape -- show btc.arrow'],
} satisfies Command

export const tapeCommand = {
  call: 'npm run tape',
  what: 'Recorded market data: imports raw captures, and says what a tape holds.',
  options: {},
  verbs: { import: importCommand, show: showCommand },
  examples: [...importCommand.examples, ...showCommand.examples],
  notes: [
    'A tape is an Arrow IPC stream: pyarrow.ipc.open_stream(path).read_all() reads it as a table.',
  ],
} satisfies Command
