import { invalidOption, oneOf, readCommandLine, runCommand } from '#pipelines/data/command-line.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import { type Trained, train } from './train.ts'

const help = `Trains a small network on a data set and puts it where the model server looks for it.

  npm run train -- [options]

  --dataset DIR     default run/dataset; made by npm run featurize
  --folder DIR      default run; the model goes to DIR/blobs/models, its report to DIR/training
  --epochs N        at most, default 60; training stops when the validation rows stop getting better
  --patience N      epochs to wait for that, default 8
  --seed N          default 1; the same data set and seed give the same model on a CPU
  --max-seconds N   time for fitting, default 300
  --device NAME     auto | cpu | cuda, default auto
  --no-promote      store the model, but leave serving the one that serves
  --json            last line of stdout is one JSON object; everything else goes to stderr

Examples
  npm run featurize && npm run train
  npm run train -- --dataset run/dataset-7 --epochs 20 --seed 3 --no-promote

Needs uv, which installs PyTorch on the first run (about 4 GB to fetch, 6.5 GB on disk under run/python).

Exit codes: 0 done (also when the model is worthless), 1 training failed, 2 input that cannot be used.
`

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const optionTypes = {
  dataset: text,
  folder: text,
  epochs: text,
  patience: text,
  seed: text,
  'max-seconds': text,
  device: text,
  'no-promote': flag,
  json: flag,
  help: { type: 'boolean', short: 'h' },
} as const

const numbers = {
  epochs: { least: 1, most: 100_000 },
  patience: { least: 1, most: 100_000 },
  seed: { least: 0, most: 4_294_967_295 },
  'max-seconds': { least: 1, most: 86_400 },
} as const

async function main(argv: readonly string[]): Promise<number> {
  const line = readCommandLine(argv, optionTypes)
  if (line.has('help')) {
    process.stdout.write(help)
    return 0
  }
  if (line.positionals.length > 0)
    throw invalidOption(
      `'${line.positionals[0]}' belongs to no option; the data set comes after --dataset`,
    )
  const settings: Record<string, string> = {}
  for (const [name, range] of Object.entries(numbers)) {
    const value = line.whole(name, range)
    if (value !== undefined) settings[name] = String(value)
  }
  const device = line.text('device')
  if (device !== undefined) settings.device = oneOf('--device', device, ['auto', 'cpu', 'cuda'])
  const trained = await train({
    dataset: line.text('dataset') ?? 'run/dataset',
    folder: line.text('folder') ?? 'run',
    settings,
    isPromoted: !line.has('no-promote'),
    nowUs: Date.now() * microsPerMilli,
  })
  const isJson = line.has('json')
  for (const told of describe(trained))
    (isJson ? process.stderr : process.stdout).write(`${told}\n`)
  if (isJson) process.stdout.write(`${JSON.stringify(trained)}\n`)
  return 0
}

function describe({ card, differenceMax, promotion, report, verdict }: Trained): readonly string[] {
  const { test } = card
  return [
    `model       ${card.modelId}${card.data.isInvented ? ' - of an INVENTED market: knows nothing of a real one' : ''}`,
    `accuracy    ${test.accuracy.toFixed(4)}, always '${test.majorityClass}' ${test.majorityAccuracy.toFixed(4)}: the model ${verdict}`,
    `agreement   onnxruntime differs from PyTorch by at most ${differenceMax.toExponential(1)}`,
    promotion
      ? `promoted    number ${promotion.sequence}; npm start serves it, in shadow: it moves no order`
      : 'promoted    no',
    `report      ${report}`,
  ]
}

await runCommand('train', () => main(process.argv.slice(2)))
