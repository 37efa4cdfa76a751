import { join } from 'node:path'
import { onnxFile } from '#services/inference/onnx-file.fixture.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { promote, sampleCard, uploadModel } from '#shared/cloud/model-registry.fixture.ts'
import {
  featureFingerprint,
  vectorFeatures,
  vectorWidth,
} from '#shared/signal/feature/vector-list.ts'

/** Says the same for every market: 20 % down, 50 % flat, 30 % up. */
export const tinyModelId = 'direction-20261121T000000Z-tiny'

/** Puts a real model for the features of this program where training would, and promotes it. */
export async function promoteTinyModel(folder: string): Promise<void> {
  const nothing = Array.from({ length: vectorWidth }, () => [0, 0, 0])
  const file = onnxFile({ weights: nothing, bias: [0.2, 0.5, 0.3].map(Math.log) })
  const card = sampleCard({
    modelId: tinyModelId,
    featureFingerprint,
    featureNames: vectorFeatures.map(({ name }) => name),
  })
  await uploadModel(openBlobs(join(folder, 'blobs', 'models')), card, file)
  await promote(openBlobs(join(folder, 'blobs', 'state')), 1, tinyModelId)
}
