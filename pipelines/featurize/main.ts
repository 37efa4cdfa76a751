import { invalidOption, readCommandLine, runCommand } from '#pipelines/data/command-line.ts'
import { createProgress } from '#pipelines/data/progress.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import { vectorWidth } from '#shared/signal/feature/vector-list.ts'
import type { Dataset } from './dataset.ts'
import { featurize } from './featurize.ts'

const help = `Turns recorded markets into features and labels to train a model on.

  npm run featurize -- [--tape FILE...] [options]

  --tape FILES      tapes, raw captures or folders of runs, comma-separated or repeated; without any a market is
                    made up, which shows that the machine works and nothing else
  --symbols A,B     default: all of the tapes; BTCUSDT,ETHUSDT of an invented market
  --out DIR         default run/dataset; rows.parquet and dataset.json
  --every-ms N      time between rows, default 1000
  --horizon-s N     time ahead that the label looks, default 10
  --band-bps N      a return within ± this is 'flat'; default: so that a third of the training rows is
  --minutes N       length of an invented market, default 240
  --seed N          of an invented market, default 1
  --json            last line of stdout is one JSON object; everything else goes to stderr

Examples
  npm run featurize
  npm run featurize -- --tape ../shared/data/orderbook/binance_raw/usdm_btcusdt_20240718.gz,../shared/data/orderbook/binance_raw/usdm_btcusdt_20240719.gz
  npm run featurize -- --tape run/simulation-7 --horizon-s 5 --out run/dataset-7

The rows are split by time: 70 % to train, 15 % to validate, 15 % to test, without those whose label crosses a border.

Exit codes: 0 done, 2 input that cannot be used.
`

const text = { type: 'string' } as const
const optionTypes = {
  tape: { type: 'string', multiple: true },
  symbols: text,
  out: text,
  'every-ms': text,
  'horizon-s': text,
  'band-bps': text,
  minutes: text,
  seed: text,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

async function main(argv: readonly string[]): Promise<number> {
  const line = readCommandLine(argv, optionTypes)
  if (line.has('help')) {
    process.stdout.write(help)
    return 0
  }
  const tapes = [...line.texts('tape').flatMap((list) => list.split(',')), ...line.positionals]
  const isInvented = tapes.length === 0
  for (const name of ['minutes', 'seed'])
    if (!isInvented && line.text(name) !== undefined)
      throw invalidOption(`--${name} belongs to an invented market; leave it out, or --tape`)
  const out = line.text('out') ?? 'run/dataset'
  const unit = isInvented ? 'min' : 'bytes'
  let progress: ReturnType<typeof createProgress> | undefined
  const dataset = await featurize({
    tapes,
    symbols: line
      .text('symbols')
      ?.split(',')
      .map((symbol) => symbol.trim().toUpperCase()),
    out,
    everyUs: (line.whole('every-ms', { least: 100, most: 600_000 }) ?? 1_000) * microsPerMilli,
    horizonUs: (line.whole('horizon-s', { least: 1, most: 86_400 }) ?? 10) * microsPerSecond,
    flatBandBps: bandOf(line.text('band-bps')),
    minutes: line.whole('minutes', { least: 1, most: 100_000 }) ?? 240,
    seed: line.whole('seed', { least: 0, most: 4_294_967_295 }) ?? 1,
    nowUs: Date.now() * microsPerMilli,
    onProgress: (done, total) => {
      progress ??= createProgress({ total, unit })
      progress.show(done)
    },
  })
  progress?.end()
  const isJson = line.has('json')
  for (const told of describe(dataset, out))
    (isJson ? process.stderr : process.stdout).write(`${told}\n`)
  if (isJson) process.stdout.write(`${JSON.stringify({ folder: out, ...dataset })}\n`)
  return 0
}

function bandOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const band = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN
  if (!(band >= 0 && band < 1_000))
    throw invalidOption(`--band-bps '${given}' is not a number from 0 to 1000`)
  return band
}

function describe(dataset: Dataset, out: string): readonly string[] {
  const {
    rows,
    classShares: { train },
  } = dataset
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return [
    `market      ${dataset.symbols.join(', ')}${dataset.isInvented ? ' - INVENTED: a model of it knows nothing of a real one' : ''}`,
    `rows        ${rows.train} to train, ${rows.validation} to validate, ${rows.test} to test; ${rows.embargoed} dropped at the borders, ${dataset.leftOut} samples unknown or without a label`,
    `features    ${vectorWidth}, fingerprint ${dataset.featureFingerprint.slice(0, 12)}`,
    `labels      mid ${dataset.horizonUs / microsPerSecond} s ahead, flat within ± ${dataset.flatBandBps.toFixed(3)} bps (${dataset.flatBandFrom}); training: down ${percent(train.down)}, flat ${percent(train.flat)}, up ${percent(train.up)}`,
    `data set    ${out}`,
  ]
}

await runCommand('featurize', () => main(process.argv.slice(2)))
