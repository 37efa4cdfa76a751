import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { datasetFile, readDataset } from '#pipelines/featurize/dataset.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import type { Promotion } from '#shared/cloud/model-registry.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { featureFingerprint } from '#shared/signal/feature/vector-list.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import { checkAgreement, readGolden } from './agreement.ts'
import { promoteModel, storeModel } from './publish.ts'
import { trainModel } from './trainer.ts'

export type TrainOptions = {
  readonly dataset: string
  /** Folder of the local platform; its `blobs` get the model. */
  readonly folder: string
  readonly settings: Readonly<Record<string, string>>
  readonly isPromoted: boolean
  readonly nowUs: number
}

export type Trained = {
  readonly card: ModelCard
  readonly verdict: string
  /** Between PyTorch and the serving runtime. */
  readonly differenceMax: number
  readonly promotion: Promotion | undefined
  /** Page about the model. */
  readonly report: string
}

/**
 * Trains a model, proves that the serving runtime agrees with PyTorch, and stores it where the model server looks.
 *
 * @throws TradingError MODEL_MISMATCH when the data set holds other features than this program computes; MODEL_BROKEN
 * when the runtimes disagree; PROGRAM_MISSING, FILE_UNREADABLE
 */
export async function train(options: TrainOptions): Promise<Trained> {
  const { dataset, folder, isPromoted, nowUs, settings } = options
  const about = readDataset(dataset)
  if (about.featureFingerprint !== featureFingerprint)
    throw new TradingError(
      'MODEL_MISMATCH',
      `${join(dataset, datasetFile)} holds features ${about.featureFingerprint.slice(0, 12)}, this program computes ${featureFingerprint.slice(0, 12)}; make it again with npm run featurize`,
    )
  const summary = await trainModel({ dataset, out: join(folder, 'training'), settings })
  const { modelId } = summary.card
  const differenceMax = await checkAgreement(
    readFileSync(join(summary.folder, 'model.onnx')),
    readGolden(join(summary.folder, 'golden.json')),
  )
  const card = await storeModel(openBlobs(join(folder, 'blobs', 'models')), summary.folder, modelId)
  const promotion = isPromoted
    ? await promoteModel(openBlobs(join(folder, 'blobs', 'state')), {
        modelId,
        promotedBy: 'npm run train',
        reason: `newest training on this machine, shadow only; the model ${summary.verdict}`,
        recordedAtUs: nowUs,
      })
    : undefined
  return {
    card,
    verdict: summary.verdict,
    differenceMax,
    promotion,
    report: join(summary.folder, 'report.html'),
  }
}
