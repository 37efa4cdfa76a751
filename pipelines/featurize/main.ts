import { createProgress } from '#pipelines/data/progress.ts'
import type { Given } from '#shared/cloud/command-line/command.ts'
import { invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import { vectorWidth } from '#shared/signal/feature/vector-list.ts'
import type { Dataset } from './dataset.ts'
import { featurize } from './featurize.ts'
import { featurizeCommand } from './options.ts'

async function main(
  { names, options, words }: Given<typeof featurizeCommand.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { out, minutes, seed, symbols } = options
  const tapes = [...(options.tape ?? []), ...words]
  const isInvented = tapes.length === 0
  for (const name of ['minutes', 'seed'])
    if (!isInvented && names.has(name))
      throw invalidOption(`--${name} belongs to an invented market; leave it out, or --tape`)
  const unit = isInvented ? 'min' : 'bytes'
  let progress: ReturnType<typeof createProgress> | undefined
  const dataset = await featurize({
    tapes,
    symbols,
    out,
    everyUs: options['every-ms'] * microsPerMilli,
    horizonUs: options['horizon-s'] * microsPerSecond,
    flatBandBps: options['band-bps'],
    minutes,
    seed,
    nowUs: Date.now() * microsPerMilli,
    onProgress: (done, total) => {
      progress ??= createProgress({ total, unit })
      progress.show(done)
    },
  })
  progress?.end()
  say(describe(dataset, out).join('\n'))
  answer({ folder: out, ...dataset })
  return 0
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

await runProcess(carryOut(featurizeCommand, main))
