import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryBlobs, promote, sampleCard, uploadModel } from './model-registry.fixture.ts'
import {
  checkFingerprint,
  modelBlobName,
  modelCardSchema,
  promotionBlobName,
  readModelCard,
  readModelFile,
  readPromotion,
  readPromotions,
} from './model-registry.ts'

const card = sampleCard()
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

test('nothing is promoted in an empty bucket', async () => {
  expect(await readPromotion(memoryBlobs())).toBeUndefined()
})

test('the highest number holds, whatever the order of writing', () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: 99_999_999 }), { minLength: 1, maxLength: 8 }),
      async (sequences) => {
        const state = memoryBlobs()
        for (const sequence of sequences) await promote(state, sequence, `model-${sequence}`)
        const newest = Math.max(...sequences)
        expect((await readPromotion(state))?.modelId).toBe(`model-${newest}`)
        const all = await readPromotions(state)
        expect(all.map(({ sequence }) => sequence)).toEqual(sequences.toSorted((a, b) => a - b))
      },
    ),
    { numRuns: 50 },
  ))

test.each([
  ['not JSON', new Uint8Array([1, 2, 3])],
  [
    'another number inside',
    text({ sequence: 2, modelId: 'a', promotedBy: 'b', reason: '', recordedAtUs: 1 }),
  ],
  [
    'a model id that leaves the folder',
    text({ sequence: 1, modelId: '../a', promotedBy: 'b', reason: '', recordedAtUs: 1 }),
  ],
  ['nobody who promoted it', text({ sequence: 1, modelId: 'a', reason: '', recordedAtUs: 1 })],
])('a promotion with %s is an error that names it', async (_, bytes) => {
  const state = memoryBlobs()
  await state.put(promotionBlobName(1), bytes)
  await expect(readPromotion(state)).rejects.toMatchObject({
    code: 'MODEL_BROKEN',
    message: expect.stringContaining('promotions/000001.json'),
  })
})

test('a file among the promotions that is none is an error, not skipped', async () => {
  const state = memoryBlobs()
  await state.put('promotions/newest.json', text({}))
  await expect(readPromotion(state)).rejects.toMatchObject({ code: 'MODEL_BROKEN' })
})

test('a model that was uploaded comes back as it is', async () => {
  const models = memoryBlobs()
  await uploadModel(models, card, new Uint8Array([1, 2, 3]))
  expect(await readModelCard(models, card.modelId)).toEqual(card)
  expect(await readModelFile(models, card.modelId)).toEqual(new Uint8Array([1, 2, 3]))
})

test.each(['absent', '../card', 'a/b', ''])('there is no model %j', async (modelId) => {
  await expect(readModelCard(memoryBlobs(), modelId)).rejects.toMatchObject({
    code: 'MODEL_UNKNOWN',
  })
})

test('a card under the name of another model is refused', async () => {
  const models = memoryBlobs()
  await models.put(modelBlobName('other', 'card.json'), text(card))
  await expect(readModelCard(models, 'other')).rejects.toMatchObject({ code: 'MODEL_BROKEN' })
})

test.each([
  ['test.accuracy', { ...card, test: { ...card.test, accuracy: 1.2 } }],
  ['test.majorityAccuracy', { ...card, test: { ...card.test, majorityAccuracy: undefined } }],
  ['featureNames', { ...card, featureNames: [] }],
  ['the card', { ...card, featureNames: ['a', 'a'] }],
  ['trainedAt', { ...card, trainedAt: 'yesterday' }],
  ['data.isInvented', { ...card, data: { ...card.data, isInvented: 'no' } }],
])('a card whose %s is wrong is refused by that name', async (path, wrong) => {
  const models = memoryBlobs()
  await models.put(modelBlobName(card.modelId, 'card.json'), text(wrong))
  await expect(readModelCard(models, card.modelId)).rejects.toMatchObject({
    code: 'MODEL_BROKEN',
    message: expect.stringContaining(path),
  })
})

test('fields that a later trainer adds are no trouble', () => {
  expect(modelCardSchema.safeParse({ ...card, note: 'new' }).success).toBe(true)
})

test('a model of other features is refused and both are named', () => {
  expect(() => checkFingerprint(card, card.featureFingerprint)).not.toThrow()
  expect(() => checkFingerprint(card, 'e'.repeat(64))).toThrow(/ffffffffffff.*eeeeeeeeeeee/)
})
