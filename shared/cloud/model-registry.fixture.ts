import type { ModelCard } from '#shared/signal/model/card.ts'
import { modelBlobName, type Promotion, promotionBlobName } from './model-registry.ts'
import type { Blobs } from './port.ts'

/** A bucket in memory. */
export function memoryBlobs(): Blobs {
  const byName = new Map<string, Uint8Array>()
  return {
    put: async (name, bytes) => {
      byName.set(name, bytes.slice())
    },
    create: async (name, bytes) => {
      if (byName.has(name)) return false
      byName.set(name, bytes.slice())
      return true
    },
    get: async (name) => byName.get(name)?.slice(),
    list: async (prefix) => [...byName.keys()].filter((name) => name.startsWith(prefix)).sort(),
  }
}

export const sampleCard = (changes: Partial<ModelCard> = {}): ModelCard => ({
  schemaVersion: 1,
  modelId: 'direction-20261121T000000Z-0a1b2c3d',
  task: 'direction',
  featureFingerprint: 'f'.repeat(64),
  featureNames: ['spread', 'imbalance'],
  horizonSeconds: 10,
  flatBandBps: 1.5,
  symbols: ['BTCUSDT'],
  trainedAt: '2026-11-21T00:00:00Z',
  trainedOn: 'cpu',
  seed: 7,
  data: {
    fingerprint: 'd'.repeat(64),
    isInvented: true,
    sources: ['invented market, seed 7'],
    rows: { train: 7_000, validation: 1_500, test: 1_500 },
    spans: {
      train: { fromUs: 0, untilUs: 7_000 },
      validation: { fromUs: 7_010, untilUs: 8_510 },
      test: { fromUs: 8_520, untilUs: 10_020 },
    },
  },
  test: {
    accuracy: 0.41,
    majorityAccuracy: 0.44,
    majorityClass: 'flat',
    logLoss: 1.06,
    baselineLogLoss: 1.07,
    accuracyStandardError: 0.03,
    effectiveRows: 150,
  },
  exportErrorMax: 1e-7,
  parameters: 9,
  ...changes,
})

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** Puts a model where training puts it. */
export async function uploadModel(models: Blobs, card: ModelCard, file: Uint8Array): Promise<void> {
  await models.put(modelBlobName(card.modelId, 'model.onnx'), file)
  await models.put(modelBlobName(card.modelId, 'card.json'), bytesOf(card))
}

export async function promote(state: Blobs, sequence: number, modelId: string): Promise<void> {
  const promotion: Promotion = {
    sequence,
    modelId,
    promotedBy: 'somebody',
    reason: 'a test',
    recordedAtUs: 1_790_000_000_000_000 + sequence,
  }
  await state.put(promotionBlobName(sequence), bytesOf(promotion))
}
