import type { Command } from '#shared/cloud/command-line/command.ts'
import { json } from '#shared/cloud/command-line/option.ts'
import type { Bench } from './bench.ts'

/** Each bench is loaded only when asked for. */
export const benches: Readonly<Record<string, { what: string; load: () => Promise<Bench> }>> = {
  book: {
    what: 'order book replay and frame to book, against C, a Map book and JSON.parse',
    load: async () => (await import('./book/bench.ts')).benchBook,
  },
  backtest: {
    what: 'tick replay of a GLFT market maker, one and 64 variants, against hftbacktest and C++',
    load: async () => (await import('./backtest/bench.ts')).benchBacktest,
  },
  'backtest-memory': {
    what: 'memory of a replay of 1 B rows in blocks',
    load: async () => (await import('./backtest/memory.ts')).benchBacktestMemory,
  },
  candle: {
    what: 'backtest over candles, against backtesting.py and vectorbt on the same bars and rules',
    load: async () => (await import('./candle/bench.ts')).benchCandle,
  },
  'cold-start': {
    what: 'start of each bundled service until its startup probe passes, against the source tree',
    load: async () => (await import('./cold-start/bench.ts')).benchColdStart,
  },
}

export const benchCommand = {
  call: 'npm run bench',
  what: 'Measures one part against its peers in one alternating run.',
  words: { value: 'NAME', what: 'one of the benches below', least: 1, most: 1 },
  options: { json },
  examples: [
    ...Object.entries(benches).map(
      ([name, { what }]) => [`npm run bench -- ${name}`, what] as const,
    ),
    'npm run bench -- candle --json',
  ],
} satisfies Command
