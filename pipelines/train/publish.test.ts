import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { readModelFile, readPromotion, readPromotions } from '#shared/cloud/model-registry.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import { promoteModel, storeModel } from './publish.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterai-publish-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const span = { fromUs: 1, untilUs: 2 }
const card: ModelCard = {
  schemaVersion: 1,
  modelId: 'direction-20261121T000000Z-0a1b2c3d',
  task: 'direction',
  featureFingerprint: 'f00d',
  featureNames: ['spread_bps'],
  horizonSeconds: 10,
  flatBandBps: 1.5,
  symbols: ['BTCUSDT'],
  trainedAt: '2026-11-21T00:00:00Z',
  trainedOn: 'cpu',
  seed: 1,
  data: {
    fingerprint: 'beef',
    isInvented: true,
    sources: ['invented'],
    rows: { train: 1, validation: 1, test: 1 },
    spans: { train: span, validation: span, test: span },
  },
  test: {
    accuracy: 0.5,
    majorityAccuracy: 0.4,
    majorityClass: 'up',
    bestConstantAccuracy: 0.45,
    logLoss: 1,
    baselineLogLoss: 1.1,
    accuracyStandardError: 0.1,
    effectiveRows: 1,
  },
  exportErrorMax: 1e-7,
  parameters: 10,
}

function trained(name: string, content: unknown): string {
  const path = join(folder, name)
  mkdirSync(path)
  for (const file of ['golden.json', 'report.html', 'model.onnx'])
    writeFileSync(join(path, file), `${file} of a model`)
  writeFileSync(join(path, 'card.json'), JSON.stringify(content))
  return path
}

describe('storing a model', () => {
  it('puts it where the model server reads', async () => {
    const models = openBlobs(join(folder, 'models'))
    expect(await storeModel(models, trained('whole', card), card.modelId)).toEqual(card)
    const file = await readModelFile(models, card.modelId)
    expect(new TextDecoder().decode(file)).toBe('model.onnx of a model')
    expect(await models.list(`models/${card.modelId}/`)).toHaveLength(4)
  })

  it('is refused with a card that nobody could read', async () => {
    const { test: _, ...cut } = card
    const models = openBlobs(join(folder, 'refused'))
    await expect(storeModel(models, trained('cut', cut), card.modelId)).rejects.toMatchObject({
      code: 'MODEL_BROKEN',
    })
  })
})

describe('promoting a model', () => {
  const state = openBlobs(join(folder, 'state'))
  const promotion = { promotedBy: 'a test', reason: 'because', recordedAtUs: 5 }

  it('gives every promotion a number of its own, also when many come at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        promoteModel(state, { ...promotion, modelId: `direction-${index}` }),
      ),
    )
    expect(made.map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(await readPromotions(state)).toHaveLength(8)
    const next = await promoteModel(state, { ...promotion, modelId: card.modelId })
    expect(await readPromotion(state)).toEqual(next)
    expect(next).toMatchObject({ sequence: 9, modelId: card.modelId })
  })
})
