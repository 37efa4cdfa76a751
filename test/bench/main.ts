import { parseArgs } from 'node:util'
import { suggest } from '#shared/kernel/suggest.ts'
import type { Bench } from './bench.ts'

/** Each bench is loaded only when asked for. */
const benches: Readonly<Record<string, { what: string; load: () => Promise<Bench> }>> = {
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

const help = `npm run bench -- NAME [--json]

  --json   last line of stdout is the result as JSON

${Object.entries(benches)
  .map(([name, { what }]) => `  ${name.padEnd(18)} ${what}`)
  .join('\n')}`

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const unknown = tokens.find(
    (token) => token.kind === 'option' && !['json', 'help'].includes(token.name),
  )
  if (unknown?.kind === 'option') {
    const closest = suggest(unknown.name, ['json', 'help'])
    console.error(
      `bench: unknown option ${unknown.rawName}; ${closest ? `did you mean --${closest}?` : 'see --help'}`,
    )
    return 2
  }
  const [name] = positionals
  if (name === undefined || values.help) {
    console.log(help)
    return 0
  }
  const bench = benches[name]
  if (!bench) {
    const names = Object.keys(benches)
    const closest = suggest(name, names)
    console.error(
      `bench: no bench '${name}'; ${closest ? `did you mean ${closest}?` : `there are: ${names.join(', ')}`}`,
    )
    return 2
  }
  const run = await bench.load()
  const result = await run((line) => console.log(line))
  if (values.json) console.log(JSON.stringify(result))
  return 0
}

process.exitCode = await main(process.argv.slice(2))
