import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerHour, microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import { readArguments, runCommand } from './arguments.ts'
import { record } from './record.ts'
import { summarise } from './summary.ts'

const help = `Records books, trades and mark prices of Aster to a tape.

  npm run record -- --symbols BTCUSDT,ETHUSDT [--for 10m] [--out T.arrow] [--rest URL --stream URL]

  --symbols  what to record, separated by commas
  --for      how long: 90s, 10m, 2h; default: until Ctrl-C
  --out      tape to write; default: SYMBOLS.arrow in this folder; an existing one is replaced
  --rest     REST host, default https://fapi.asterdex.com
  --stream   stream host, default wss://fstream.asterdex.com

Examples
  npm run record -- --symbols BTCUSDT --for 60s --out btc.arrow
  npm run record -- --symbols BTCUSDT --rest http://127.0.0.1:8788 --stream ws://127.0.0.1:8788`

const options = {
  symbols: { type: 'string' },
  for: { type: 'string' },
  out: { type: 'string' },
  rest: { type: 'string' },
  stream: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

async function main(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, options)
  if (given.has('help')) {
    console.log(help)
    return 0
  }
  const [stray] = given.positionals
  if (stray !== undefined)
    throw new TradingError('OPTION_INVALID', `'${stray}' is not an option; see --help`)
  const symbols = readSymbols(given.text('symbols'))
  const out = given.text('out') ?? `${symbols.join('-').toLowerCase()}.arrow`
  const forText = given.text('for')
  const runtime = createLocalRuntime()
  try {
    await record({
      runtime,
      restUrl: given.text('rest') ?? 'https://fapi.asterdex.com',
      streamUrl: given.text('stream') ?? 'wss://fstream.asterdex.com',
      symbols,
      out,
      durationUs: forText === undefined ? undefined : readDuration(forText),
      stopped: interrupted(),
      say: (line) => console.error(`record: ${line}`),
    })
  } finally {
    runtime.close()
  }
  console.log(await summarise(await openTape([out])))
  console.log(`written to ${out}`)
  return 0
}

function readSymbols(text: string | undefined): readonly string[] {
  const symbols = (text ?? '').toUpperCase().split(',').filter(Boolean)
  if (symbols.length === 0)
    throw new TradingError('OPTION_INVALID', 'say what to record: --symbols BTCUSDT,ETHUSDT')
  return [...new Set(symbols)]
}

const unitsUs = { s: microsPerSecond, m: microsPerMinute, h: microsPerHour } as const

function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh])$/.exec(text)
  const durationUs = match ? Number(match[1]) * unitsUs[match[2] as keyof typeof unitsUs] : 0
  if (durationUs <= 0)
    throw new TradingError(
      'OPTION_INVALID',
      `--for '${text}' is not a duration; write 90s, 10m or 2h`,
    )
  return durationUs
}

/** Ctrl-C and a stop from outside end the recording in good order. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })

await runCommand('record', () => main(process.argv.slice(2)))
