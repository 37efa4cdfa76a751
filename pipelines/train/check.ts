import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { datasetFile, readDataset } from '#pipelines/featurize/dataset.ts'
import { featurize } from '#pipelines/featurize/featurize.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { readModelFile, readPromotion } from '#shared/cloud/model-registry.ts'
import { invariant, TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import { agreementMax, checkAgreement, readGolden } from './agreement.ts'
import { trainCheckCommand } from './options.ts'
import { compareClaims, recount } from './recount.ts'
import { type Trained, train } from './train.ts'
import { runPython } from './trainer.ts'

type Check = { readonly what: string; run(): Promise<string> }

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-train-'))
  let failed = 0
  const checks = checksIn(folder)
  try {
    for (const { run, what } of checks) {
      const startMs = performance.now()
      try {
        const found = await run()
        const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
        process.stdout.write(`ok      ${what}: ${found} (${seconds} s)\n`)
      } catch (error) {
        failed++
        process.stdout.write(`FAILED  ${what}: ${(error as Error).message}\n`)
        // Each check stands on the one before.
        break
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  process.stdout.write(`${failed === 0 ? `all ${checks.length} hold` : 'the rest was not tried'}\n`)
  return failed === 0 ? 0 : 1
}

function checksIn(folder: string): readonly Check[] {
  const dataset = join(folder, 'dataset')
  let trained: Trained
  return [
    {
      what: 'tests of the trainer',
      async run() {
        const { code, stdout } = await runPython(['-m', 'pytest', import.meta.dirname])
        invariant(code === 0, `pytest ended with status ${code}\n${stdout}`)
        return stdout.trim().split('\n').at(-1) ?? ''
      },
    },
    {
      what: 'features of an invented market',
      async run() {
        const { rows } = await featurize({
          tapes: [],
          symbols: ['BTCUSDT'],
          seed: 7,
          minutes: 25,
          everyUs: microsPerSecond,
          horizonUs: 10 * microsPerSecond,
          flatBandBps: undefined,
          out: dataset,
          nowUs: Date.now() * microsPerMilli,
        })
        return `${rows.train} + ${rows.validation} + ${rows.test} rows`
      },
    },
    {
      what: 'training, and onnxruntime against PyTorch',
      async run() {
        const settings = { epochs: '6', device: 'cpu' }
        trained = await train({ dataset, folder, settings, isPromoted: true, nowUs: 1 })
        invariant(trained.differenceMax <= agreementMax, 'the runtimes differ')
        const { accuracy, majorityAccuracy } = trained.card.test
        return `differ by ${trained.differenceMax.toExponential(1)}; accuracy ${accuracy.toFixed(4)}, majority ${majorityAccuracy.toFixed(4)}: ${trained.verdict}`
      },
    },
    {
      what: 'the claims of the card, counted again',
      async run() {
        const path = join(folder, 'blobs', 'models', 'models', trained.card.modelId, 'model.onnx')
        compareClaims(trained.card.test, await recount(dataset, path))
        const { rows } = readDataset(dataset)
        invariant(rows.test === trained.card.data.rows.test, 'the card counts other test rows')
        return Object.keys(trained.card.test).join(', ')
      },
    },
    {
      what: 'the promoted model is the trained one',
      async run() {
        const promotion = await readPromotion(openBlobs(join(folder, 'blobs', 'state')))
        invariant(promotion?.modelId === trained.card.modelId, 'another model was promoted')
        await readModelFile(openBlobs(join(folder, 'blobs', 'models')), promotion.modelId)
        return `number ${promotion.sequence}, ${promotion.modelId}`
      },
    },
    {
      what: 'what must be refused',
      async run() {
        const model = readFileSync(join(trained.report, '..', 'model.onnx'))
        const golden = readGolden(join(trained.report, '..', 'golden.json'))
        golden.probabilities[0]![0] += 2 * agreementMax
        await refused('MODEL_BROKEN', () => checkAgreement(model, golden))
        const path = join(dataset, datasetFile)
        const { featureFingerprint } = readDataset(dataset)
        const other = `${featureFingerprint.slice(1)}0`
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll(featureFingerprint, other))
        const options = { dataset, folder, settings: {}, isPromoted: true, nowUs: 1 }
        await refused('MODEL_MISMATCH', () => train(options))
        return 'a model that answers otherwise, a data set of other features'
      },
    },
  ]
}

async function refused(code: string, attempt: () => Promise<unknown>): Promise<void> {
  const fault = await attempt().then(
    () => undefined,
    (error: unknown) => error,
  )
  invariant(fault instanceof TradingError && fault.code === code, `${code} was not raised`)
}

await runProcess(carryOut(trainCheckCommand, main))
