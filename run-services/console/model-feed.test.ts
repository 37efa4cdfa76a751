import { expect, test } from 'vitest'
import {
  memoryBlobs,
  promote,
  sampleCard,
  uploadModel,
} from '#shared/cloud/model-registry.fixture.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { followModel, readModelState } from './model-feed.ts'
import type { ModelState } from './state.ts'

const card = sampleCard()

test('nothing promoted, a promoted model, and one that is not there are told apart', async () => {
  const state = memoryBlobs()
  const models = memoryBlobs()
  expect(await readModelState(state, models)).toEqual({ kind: 'none' })
  await promote(state, 1, card.modelId)
  expect(await readModelState(state, models)).toMatchObject({
    kind: 'broken',
    problem: expect.stringContaining(card.modelId),
  })
  await uploadModel(models, card, new Uint8Array())
  expect(await readModelState(state, models)).toEqual({
    kind: 'promoted',
    modelId: card.modelId,
    promotedBy: 'somebody',
    promotedAtUs: 1_790_000_000_000_001,
    trainedAtUs: Date.UTC(2026, 10, 21) * 1_000,
    horizonSeconds: 10,
    flatBandBps: 1.5,
    isInvented: true,
    accuracy: 0.41,
    majorityAccuracy: 0.44,
    accuracyStandardError: 0.03,
    testRows: 1_500,
  })
})

test('a bucket that does not answer is a fault, not the absence of a model', async () => {
  const away = {
    ...memoryBlobs(),
    list: () => Promise.reject(new TradingError('PLATFORM_UNREACHABLE', 'away')),
  }
  await expect(readModelState(away, memoryBlobs())).rejects.toMatchObject({
    code: 'PLATFORM_UNREACHABLE',
  })
})

test('only changes are told, faults are reported, and the end is the end', async () => {
  const answers: (ModelState | Error)[] = [
    { kind: 'none' },
    { kind: 'none' },
    new Error('away'),
    { kind: 'broken', problem: 'x' },
    { kind: 'none' },
  ]
  const tasks: (() => void)[] = []
  const told: ModelState[] = []
  const faults: unknown[] = []
  const stop = followModel(
    {
      timers: {
        after: (_, task) => {
          tasks.push(task)
          return () => tasks.splice(tasks.indexOf(task), 1)
        },
      },
      readModel: async () => {
        const answer = answers.shift()!
        if (answer instanceof Error) throw answer
        return answer
      },
      report: (fault) => faults.push(fault),
    },
    (model) => told.push(model),
  )
  const look = async () => {
    tasks.shift()!()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  for (let round = 0; round < 4; round++) await look()
  expect(told).toEqual([{ kind: 'none' }, { kind: 'broken', problem: 'x' }])
  expect(faults).toHaveLength(1)
  tasks.shift()!()
  stop()
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(told).toHaveLength(2)
  expect(tasks).toEqual([])
})
