import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startVertexEmulator, type VertexEmulator } from '#shared/cloud/emulator/vertex.ts'
import { type GcpModelCatalog, openGcpModelCatalog } from '#shared/cloud/gcp/catalog.ts'
import {
  type GcpTraining,
  openGcpTraining,
  trainingAccelerator,
  trainingMachine,
} from '#shared/cloud/gcp/training.ts'
import type { TrainingRequest } from '#shared/cloud/port.ts'
import { emulatedEnvironment } from './environment.ts'

let emulator: VertexEmulator
const opened: (GcpTraining | GcpModelCatalog)[] = []

beforeEach(async () => {
  emulator = await startVertexEmulator()
})
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close()
  await emulator.close()
})

const environment = () =>
  emulatedEnvironment(
    { vertex: emulator.host },
    {
      projectId: 'asterai-dev',
      bucketPrefix: 'asterai-dev',
      training: {
        serviceAccount: 'trainer@asterai-dev.iam.gserviceaccount.com',
        tensorboard: 'projects/asterai-dev/locations/asia-southeast1/tensorboards/1',
        servingImage: 'registry.example/inference@sha256:1',
      },
    },
  )

async function openTraining(): Promise<GcpTraining> {
  const training = await openGcpTraining(environment())
  opened.push(training)
  return training
}

async function openCatalog(): Promise<GcpModelCatalog> {
  const catalog = await openGcpModelCatalog(environment())
  opened.push(catalog)
  return catalog
}

const request: TrainingRequest = {
  trainingId: '20261121t030000z',
  image: 'registry.example/train@sha256:2',
  machine: trainingMachine,
  accelerator: trainingAccelerator,
  isSpot: true,
  arguments: ['--dataset', 'gs://asterai-dev-models/datasets/1'],
}

describe('training jobs', () => {
  test('a job is one spot machine with an L4, our image, our identity', async () => {
    const training = await openTraining()
    const name = await training.start(request)
    expect(name).toBe('projects/asterai-dev/locations/asia-southeast1/customJobs/1')
    expect(emulator.jobs()).toMatchObject([
      {
        displayName: request.trainingId,
        labels: { training_id: request.trainingId },
        jobSpec: {
          workerPoolSpecs: [
            {
              machineSpec: {
                machineType: 'g2-standard-8',
                acceleratorType: 'NVIDIA_L4',
                acceleratorCount: 1,
              },
              containerSpec: { imageUri: request.image, args: [...request.arguments] },
            },
          ],
          scheduling: { strategy: 'SPOT' },
          serviceAccount: 'trainer@asterai-dev.iam.gserviceaccount.com',
          baseOutputDirectory: {
            outputUriPrefix: `gs://asterai-dev-models/training/${request.trainingId}`,
          },
        },
      },
    ])
  })

  test('asking twice starts one', async () => {
    const training = await openTraining()
    const names = [await training.start(request), await training.start(request)]
    expect(new Set(names).size).toBe(1)
    expect(emulator.jobs()).toHaveLength(1)
    await training.start({ ...request, trainingId: 'another' })
    expect(emulator.jobs()).toHaveLength(2)
  })

  test('without an accelerator none is asked for', async () => {
    const training = await openTraining()
    await training.start({
      ...request,
      machine: 'n2-standard-4',
      accelerator: undefined,
      isSpot: false,
    })
    const spec = emulator.jobs()[0]?.jobSpec
    expect(spec?.workerPoolSpecs?.[0]?.machineSpec).toEqual({ machineType: 'n2-standard-4' })
    expect(spec?.scheduling?.strategy).toBe('STANDARD')
  })

  test.each([
    ['JOB_STATE_QUEUED', 'waiting'],
    ['JOB_STATE_RUNNING', 'running'],
    ['JOB_STATE_SUCCEEDED', 'succeeded'],
    ['JOB_STATE_PARTIALLY_SUCCEEDED', 'failed'],
    ['JOB_STATE_EXPIRED', 'failed'],
    ['JOB_STATE_CANCELLED', 'canceled'],
  ])('%s reads as %s', async (wire, state) => {
    const training = await openTraining()
    const name = await training.start(request)
    expect(await training.state(name)).toBe('waiting')
    emulator.setState(request.trainingId, wire)
    expect(await training.state(name)).toBe(state)
  })

  test('a state nobody knows is an error, not a guess', async () => {
    const training = await openTraining()
    const name = await training.start(request)
    emulator.setState(request.trainingId, 'JOB_STATE_UNSPECIFIED')
    await expect(training.state(name)).rejects.toMatchObject({ code: 'WIRE_SHAPE_UNKNOWN' })
  })

  test('an id that no label can hold is refused, and nothing is started', async () => {
    const training = await openTraining()
    await expect(
      training.start({ ...request, trainingId: '2026-11-21T03:00:00Z' }),
    ).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(emulator.jobs()).toEqual([])
  })

  test('an unknown job is refused by name', async () => {
    const training = await openTraining()
    const name = 'projects/asterai-dev/locations/asia-southeast1/customJobs/9'
    await expect(training.state(name)).rejects.toMatchObject({
      code: 'PLATFORM_REFUSED',
      message: expect.stringContaining(name),
    })
  })
})

describe('the model catalog', () => {
  const model = (modelId: string) => ({
    modelId,
    blobUri: `gs://asterai-dev-models/models/${modelId}`,
    labels: { fingerprint: 'SHA:0f' },
  })

  test('each model is a version of one model, once', async () => {
    const catalog = await openCatalog()
    const first = await catalog.register(model('direction-1'))
    const second = await catalog.register(model('direction-2'))
    expect(await catalog.register(model('direction-1'))).toBe(first)
    expect(first).toMatch(/\/models\/asterai-direction@1$/)
    expect(second).toMatch(/\/models\/asterai-direction@2$/)
    expect(emulator.versions()).toMatchObject([
      { versionDescription: 'direction-1', labels: { fingerprint: 'sha_0f' } },
      { versionDescription: 'direction-2', artifactUri: model('direction-2').blobUri },
    ])
  })

  test('exactly one version is the promoted one', async () => {
    const catalog = await openCatalog()
    const first = await catalog.register(model('direction-1'))
    const second = await catalog.register(model('direction-2'))
    const promoted = () =>
      emulator
        .versions()
        .filter(({ versionAliases }) => versionAliases.includes('promoted'))
        .map(({ versionId }) => versionId)
    await catalog.promote(first)
    expect(promoted()).toEqual(['1'])
    await catalog.promote(second)
    await catalog.promote(second)
    expect(promoted()).toEqual(['2'])
    await catalog.promote(first)
    expect(promoted()).toEqual(['1'])
  })

  test('a version that is not there is refused', async () => {
    const catalog = await openCatalog()
    const first = await catalog.register(model('direction-1'))
    await expect(catalog.promote(first.replace('@1', '@9'))).rejects.toMatchObject({
      code: 'PLATFORM_REFUSED',
    })
  })

  test('it wants to know the image that serves', async () => {
    await expect(openGcpModelCatalog({ ...environment(), training: {} })).rejects.toThrow(
      'ASTERAI_SERVING_IMAGE',
    )
  })
})
