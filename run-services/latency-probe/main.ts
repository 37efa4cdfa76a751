import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { compareRegions, latencyReportFrom } from './compare.ts'
import { measureLatency } from './measure.ts'
import { storeReport } from './store.ts'
import { comparisonText, latencyTable } from './text.ts'

const help = `Measures REST and stream latency to Aster from here; compares regions. Reads public data only.

  npm run probe -- [--region NAME] [--symbol S] [--seconds N] [--rest URL --stream URL] [--out FILE] [--json]
  npm run probe -- --compare A.json B.json... [--json]

  --region   where this runs; default ASTERAI_REGION or 'here'
  --symbol   market whose book is read (BTCUSDT)
  --seconds  how long (30)
  --rest     REST host, default ASTER_REST_URL or https://fapi.asterdex.com
  --stream   stream host, default ASTER_STREAM_URL or wss://fstream.asterdex.com
  --out      file for the report
  --store    put the report into the bucket of reports (what the job in the cloud does)
  --compare  reports of several regions: recommends one and says how sure that is
  --json     last line of stdout is the result as JSON

Examples
  npm run probe -- --region asia-northeast1 --seconds 120 --out tokyo.json
  npm run probe -- --compare tokyo.json singapore.json`

const options = {
  region: { type: 'string' },
  symbol: { type: 'string' },
  seconds: { type: 'string' },
  rest: { type: 'string' },
  stream: { type: 'string' },
  out: { type: 'string' },
  store: { type: 'boolean' },
  compare: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

function readOptions(argv: readonly string[]) {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const known = (options as Readonly<Record<string, { type: string }>>)[token.name]
    if (!known) {
      const closest = suggest(token.name, Object.keys(options))
      const hint = closest ? `did you mean --${closest}?` : 'see --help'
      throw new TradingError('OPTION_INVALID', `unknown option ${token.rawName}; ${hint}`)
    }
    if (known.type === 'string' && token.value === undefined)
      throw new TradingError('OPTION_INVALID', `${token.rawName} needs a value; see --help`)
  }
  const text = (name: keyof typeof options) => values[name] as string | undefined
  return { text, has: (name: keyof typeof options) => values[name] === true, files: positionals }
}

async function main(argv: readonly string[]): Promise<number> {
  const { text, has, files } = readOptions(argv)
  if (has('help')) {
    console.log(help)
    return 0
  }
  if (has('compare')) {
    const reports = await Promise.all(
      files.map(async (file) => latencyReportFrom(await read(file), file)),
    )
    const comparison = compareRegions(reports)
    console.log(comparisonText(comparison))
    if (has('json')) console.log(JSON.stringify(comparison))
    return 0
  }
  if (files.length > 0)
    throw new TradingError('OPTION_INVALID', `'${files[0]}' goes with --compare; see --help`)
  const seconds = Number(text('seconds') ?? process.env.PROBE_SECONDS ?? 30)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600)
    throw new TradingError('OPTION_INVALID', '--seconds is a whole number from 1 to 3600')
  const report = await measureLatency({
    region: text('region') ?? process.env.ASTERAI_REGION ?? 'here',
    symbol: (text('symbol') ?? 'BTCUSDT').toUpperCase(),
    seconds,
    restUrl: text('rest') ?? process.env.ASTER_REST_URL ?? 'https://fapi.asterdex.com',
    streamUrl: text('stream') ?? process.env.ASTER_STREAM_URL ?? 'wss://fstream.asterdex.com',
    report: (line) => console.error(`probe: ${line}`),
  })
  await storeReport(report, { file: text('out'), toBucket: has('store') })
  console.log(latencyTable([report]))
  if (has('json')) console.log(JSON.stringify(report))
  return 0
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new TradingError(
      'FILE_UNREADABLE',
      `cannot read ${file}: ${(cause as Error).message}`,
      {},
      cause,
    )
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof TradingError)) throw error
  console.error(`probe: ${error.message}`)
  process.exitCode = error.remedy === 'reject-input' ? 2 : 1
}
