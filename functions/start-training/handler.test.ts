import { expect, test } from 'vitest'
import type { Row, Training, TrainingRequest, TrainingState } from '#shared/cloud/port.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { functionPorts, scheduledAtUs } from '../scripted-market.fixture.ts'
import { readSettings } from '../settings.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { startTraining } from './handler.ts'

const notice = (atUs: number, amount: number, other: Row = {}): Row => ({
  kind: 'budget',
  period: '2026-11',
  recorded_at: atUs,
  amount,
  allowed: 100,
  action: '',
  ...other,
})

async function world(notices: readonly Row[] = [notice(scheduledAtUs - 3_600_000_000, 10)]) {
  const asked: TrainingRequest[] = []
  let state: TrainingState = 'succeeded'
  const training: Training = {
    async start(request) {
      asked.push(request)
      return `jobs/${request.trainingId}`
    },
    state: async () => state,
  }
  const settings = readSettings({
    TRAINING_IMAGE: 'asia/train@sha256:1',
    TRAINING_MODELS_PATH: '/gcs/bucket-models',
  })
  const ports = { ...functionPorts(), warehouse: await testWarehouse(), training, settings }
  await ports.warehouse.insert('spend', notices)
  const models = ports.blobs('models')
  for (const id of ['20261119t000000z-aa', '20261120t000000z-bb'])
    await models.put(`datasets/${id}/dataset.json`, new Uint8Array())
  // Still being written: no dataset.json yet.
  await models.put('datasets/20261121t000000z-cc/rows.parquet', new Uint8Array())
  const become = (next: TrainingState) => {
    state = next
  }
  return { ports, asked, become }
}

const day = 86_400_000_000

test('starts one spot job on the newest whole data set, named by its scheduled time', async () => {
  const { ports, asked } = await world()
  const first = await startTraining({}, scheduledAtUs, ports)
  expect(first).toMatchObject({ isStarted: true, dataset: '20261120t000000z-bb' })
  expect(asked).toEqual([
    {
      trainingId: 'train-20261121t120005z',
      image: 'asia/train@sha256:1',
      machine: 'g2-standard-8',
      accelerator: 'NVIDIA_L4',
      isSpot: true,
      arguments: [
        '--dataset',
        '/gcs/bucket-models/datasets/20261120t000000z-bb',
        '--out',
        '/gcs/bucket-models/models',
      ],
    },
  ])
  expect(await startTraining({}, scheduledAtUs, ports)).toMatchObject({ isStarted: false })
  expect(asked).toHaveLength(1)
  expect(await ports.warehouse.rowsOf('training_runs')).toHaveLength(1)
})

test('one at a time, and no more a week than are allowed', async () => {
  const { ports, asked, become } = await world()
  const at = (n: number) => (scheduledAtUs + n * day) as Micros
  await startTraining({}, at(0), ports)
  become('running')
  expect(await startTraining({}, at(1), ports)).toMatchObject({
    isStarted: false,
    reason: 'train-20261121t120005z is still running',
  })
  become('failed')
  await ports.warehouse.insert('spend', [notice(at(1), 10)])
  await startTraining({}, at(2), ports)
  await startTraining({}, at(3), ports)
  expect(await startTraining({}, at(4), ports)).toMatchObject({
    isStarted: false,
    reason: expect.stringContaining('no more than 3'),
  })
  expect(asked).toHaveLength(3)
})

test.each<[string, readonly Row[], RegExp]>([
  [
    'a spent budget',
    [notice(scheduledAtUs - 2 * day, 10), notice(scheduledAtUs - day, 101)],
    /^the budget of 2026-11 is spent: 101 of 100$/,
  ],
  ['no word of the budget', [], /^what is spent of the budget of 2026-11 is unknown/],
  ['an old word of it', [notice(scheduledAtUs - 4 * day, 10)], /is unknown/],
  [
    'the budget of the month before',
    [notice(scheduledAtUs - day, 10, { period: '2026-10' })],
    /is unknown/,
  ],
])('nothing is started on %s', async (_, notices, reason) => {
  const { ports, asked } = await world(notices)
  expect(await startTraining({}, scheduledAtUs, ports)).toMatchObject({
    isStarted: false,
    reason: expect.stringMatching(reason),
  })
  expect(asked).toEqual([])
})

test.each([
  [{ dataset: '20261121t000000z-cc' }, 'no whole data set'],
  [{ dataset: '../state' }, 'dataset'],
  [{ epochs: 3 }, 'epochs'],
])('refuses %j', async (input, words) => {
  const { ports, asked } = await world()
  await expect(startTraining(input, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(words),
  })
  expect(asked).toEqual([])
})

test('on one machine it names the commands that train there', async () => {
  const { ports } = await world()
  await expect(
    startTraining({}, scheduledAtUs, { ...ports, training: undefined }),
  ).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(/npm run featurize, then npm run train$/),
  })
})
