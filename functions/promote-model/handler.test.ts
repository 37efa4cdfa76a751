import { expect, test } from 'vitest'
import type { BucketName } from '#shared/cloud/manifest/bucket.ts'
import { readPromotion, readPromotions } from '#shared/cloud/model-registry.ts'
import type { Blobs, ModelCatalog } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { featureFingerprint } from '#shared/signal/feature/vector-list.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import { functionPorts, scheduledAtUs } from '../scripted-market.fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { promoteModel } from './handler.ts'

const span = { fromUs: 1, untilUs: 2 }

const card = (modelId: string, other: Partial<ModelCard> = {}): ModelCard => ({
  schemaVersion: 1,
  modelId,
  task: 'direction',
  featureFingerprint,
  featureNames: ['spread'],
  horizonSeconds: 10,
  flatBandBps: 1,
  symbols: ['BTCUSDT'],
  trainedAt: '2026-11-20T00:00:00Z',
  trainedOn: 'cpu',
  seed: 1,
  data: {
    fingerprint: 'f',
    isInvented: false,
    sources: ['tape'],
    rows: { train: 10, validation: 5, test: 5 },
    spans: { train: span, validation: span, test: span },
  },
  test: {
    accuracy: 0.5,
    majorityAccuracy: 0.4,
    majorityClass: 'flat',
    logLoss: 1,
    baselineLogLoss: 1.1,
    accuracyStandardError: 0.02,
    effectiveRows: 600,
  },
  exportErrorMax: 1e-7,
  parameters: 10_000,
  ...other,
})

async function world(...cards: readonly ModelCard[]) {
  const ports = { ...functionPorts(), warehouse: await testWarehouse() }
  for (const each of cards) {
    const text = new TextEncoder().encode(JSON.stringify(each))
    await ports.blobs('models').put(`models/${each.modelId}/card.json`, text)
    await ports.blobs('models').put(`models/${each.modelId}/model.onnx`, new Uint8Array([1]))
  }
  return ports
}

const at = (minute: number) => (scheduledAtUs + minute * 60_000_000) as Micros
const asked = (modelId: string) => ({ modelId, reason: 'better', by: 'ann@example.com' })

test('a promotion is blob 1, a row, and what the registry reads', async () => {
  const ports = await world(card('direction-a'))
  expect(await promoteModel(asked('direction-a'), at(0), ports)).toMatchObject({
    isChanged: true,
    sequence: 1,
    accuracy: 0.5,
    majorityAccuracy: 0.4,
    notes: [],
  })
  expect(await readPromotion(ports.blobs('state'))).toEqual({
    sequence: 1,
    modelId: 'direction-a',
    promotedBy: 'ann@example.com',
    reason: 'better',
    recordedAtUs: at(0),
  })
  expect(await ports.warehouse.rowsOf('promotions')).toMatchObject([
    { sequence: 1, model_id: 'direction-a', accuracy: 0.5, majority_accuracy: 0.4 },
  ])
  expect(await promoteModel(asked('direction-a'), at(0), ports)).toMatchObject({ isChanged: false })
  expect(await readPromotions(ports.blobs('state'))).toHaveLength(1)
})

test('a rollback is a new number with the model that served before, once for a repeated call', async () => {
  const ports = await world(card('direction-a'), card('direction-b'))
  await promoteModel(asked('direction-a'), at(0), ports)
  await promoteModel(asked('direction-b'), at(1), ports)
  const rollback = { rollback: true, reason: 'worse', by: 'ann@example.com' }
  expect(await promoteModel(rollback, at(2), ports)).toMatchObject({
    sequence: 3,
    modelId: 'direction-a',
  })
  expect(await promoteModel(rollback, at(2), ports)).toMatchObject({ isChanged: false })
  expect((await readPromotions(ports.blobs('state'))).map(({ modelId }) => modelId)).toEqual([
    'direction-a',
    'direction-b',
    'direction-a',
  ])
})

test('another model asked for within the same minute, for the same reason, is another promotion', async () => {
  const ports = await world(card('direction-a'), card('direction-b'))
  await promoteModel(asked('direction-a'), at(0), ports)
  expect(await promoteModel(asked('direction-b'), at(0), ports)).toMatchObject({
    isChanged: true,
    modelId: 'direction-b',
  })
  expect((await readPromotion(ports.blobs('state')))?.modelId).toBe('direction-b')
})

test('a call that comes again after a later promotion does not undo that one', async () => {
  const ports = await world(card('direction-a'), card('direction-b'))
  await promoteModel(asked('direction-a'), at(0), ports)
  await promoteModel(asked('direction-b'), at(1), ports)
  expect(await promoteModel(asked('direction-a'), at(0), ports)).toMatchObject({
    isChanged: false,
    sequence: 1,
  })
  expect((await readPromotion(ports.blobs('state')))?.modelId).toBe('direction-b')
})

test('a model that does not beat the majority by a standard error needs a reason, which stays with it', async () => {
  const { test: figures } = card('x')
  const weak = card('direction-w', { test: { ...figures, accuracy: 0.42 } })
  const ports = await world(weak)
  await expect(promoteModel(asked('direction-w'), at(0), ports)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('does not beat the baseline: accuracy 0.4200 against 0.4000'),
  })
  expect(await readPromotions(ports.blobs('state'))).toEqual([])
  await promoteModel({ ...asked('direction-w'), despite: 'to see the path whole' }, at(0), ports)
  const promotion = await readPromotion(ports.blobs('state'))
  expect(promotion?.reason).toContain('promoted despite that: to see the path whole')
})

test('a lead over the majority of training that any constant would have had is no lead', async () => {
  const { test: figures } = card('x')
  const changed = card('direction-c', {
    test: { ...figures, accuracy: 0.5, majorityAccuracy: 0.3, bestConstantAccuracy: 0.49 },
  })
  await expect(promoteModel(asked('direction-c'), at(0), await world(changed))).rejects.toThrow(
    'against 0.4900 for always saying what was most frequent in hindsight',
  )
})

test('an invented market is written into the promotion', async () => {
  const { data } = card('x')
  const ports = await world(card('direction-i', { data: { ...data, isInvented: true } }))
  expect(await promoteModel(asked('direction-i'), at(0), ports)).toMatchObject({
    notes: ['trained on an invented market'],
  })
})

test('other features, an unknown model and wrong input are refused', async () => {
  const ports = await world(card('direction-o', { featureFingerprint: '0'.repeat(64) }))
  const refusal = (input: unknown) => promoteModel(input, at(0), ports).catch(({ code }) => code)
  expect(await refusal(asked('direction-o'))).toBe('MODEL_MISMATCH')
  expect(await refusal(asked('direction-none'))).toBe('MODEL_UNKNOWN')
  expect(await refusal({ modelId: 'direction-o', by: 'ann' })).toBe('OPTION_INVALID')
  expect(await refusal({ rollback: true, reason: 'x', by: 'ann' })).toBe('OPTION_INVALID')
  expect(await readPromotions(ports.blobs('state'))).toEqual([])
})

test.each([
  // The platform says 403 where somebody may create and not replace, before it looks at the number.
  ['taken by somebody else', 'other', { code: 'PROMOTION_CONTENDED' }],
  ['taken by its own first try, whose answer was lost', 'own', undefined],
  ['not taken: the right is missing', 'none', { code: 'PLATFORM_REFUSED' }],
] as const)('a refused number that is %s', async (_, taker, fault) => {
  const ports = await world(card('direction-a'), card('direction-b'))
  const state = ports.blobs('state')
  const refusing: Blobs = {
    ...state,
    async create(name, bytes) {
      if (taker === 'own') await state.create(name, bytes)
      if (taker === 'other')
        await state.create(name, new TextEncoder().encode('{"modelId":"direction-b"}'))
      throw new TradingError('PLATFORM_REFUSED', '403: storage.objects.delete')
    },
  }
  const blobs = (bucket: BucketName) => (bucket === 'state' ? refusing : ports.blobs(bucket))
  const promoting = promoteModel(asked('direction-a'), at(0), { ...ports, blobs })
  if (fault) await expect(promoting).rejects.toMatchObject(fault)
  else expect(await promoting).toMatchObject({ isChanged: true, sequence: 1 })
})

test('of two promotions at once one holds and the other is told', async () => {
  const ports = await world(card('direction-a'), card('direction-b'))
  const outcomes = await Promise.allSettled([
    promoteModel(asked('direction-a'), at(0), ports),
    promoteModel(asked('direction-b'), at(0), ports),
  ])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'PROMOTION_CONTENDED' },
  })
  expect(await readPromotions(ports.blobs('state'))).toHaveLength(1)
})

test('the catalog hears of it', async () => {
  const heard: string[] = []
  const catalog: ModelCatalog = {
    async register({ modelId, blobUri }) {
      heard.push(`${modelId} ${blobUri}`)
      return 'version/7'
    },
    async promote(version) {
      heard.push(version)
    },
  }
  const ports = { ...(await world(card('direction-a'))), catalog }
  expect(await promoteModel(asked('direction-a'), at(0), ports)).toMatchObject({
    version: 'version/7',
  })
  expect(heard).toEqual(['direction-a models/direction-a', 'version/7'])
})
