import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import {
  memoryBlobs,
  promote,
  sampleCard,
  uploadModel,
} from '#shared/cloud/model-registry.fixture.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { onnxFile } from './onnx-file.fixture.ts'
import { type InferenceOptions, startInference } from './server.ts'

const card = sampleCard()
const file = onnxFile({
  weights: [
    [0, 0, 0],
    [0, 0, 0],
  ],
  bias: [0, 0, 0],
})

function world() {
  const state = memoryBlobs()
  const models = memoryBlobs()
  const timers: (() => void)[] = []
  const options: InferenceOptions = {
    state,
    models,
    provider: 'cpu',
    threads: 1,
    pollSeconds: 30,
    featureFingerprint: card.featureFingerprint,
    clock: { nowUs: () => 1 as Micros },
    timers: {
      after(_, task) {
        timers.push(task)
        return () => timers.splice(timers.indexOf(task), 1)
      },
    },
    host: '127.0.0.1',
    port: 0,
    report: () => {},
  }
  return { options, state, models, timers }
}

const ask = (url: string) =>
  fetch(`${url}/v1/predict`, {
    method: 'POST',
    body: JSON.stringify({ featureFingerprint: card.featureFingerprint, features: [1, 2] }),
  })

test('a model that is promoted later is served after the next look', async () => {
  const { options, state, models, timers } = world()
  const server = await startInference(options)
  await server.firstLook
  expect(server.hasPromotion()).toBe(false)
  expect((await ask(server.url)).status).toBe(503)

  await uploadModel(models, card, file)
  await promote(state, 1, card.modelId)
  timers.shift()!()
  while (!server.model()) await new Promise<void>((resolve) => setImmediate(resolve))
  const reply = await ask(server.url)
  expect(reply.status).toBe(200)
  expect(await reply.json()).toMatchObject({ modelId: card.modelId })
  await server.close()
})

test('closing answers the call under way, then nobody is there and nothing is looked at', async () => {
  const { options, state, models, timers } = world()
  await uploadModel(models, card, file)
  await promote(state, 1, card.modelId)
  let closing: Promise<void> | undefined
  const server = await startInference({
    ...options,
    // The call is scored and not answered yet.
    onScored: () => {
      closing = server.close()
    },
  })
  await server.firstLook
  expect((await ask(server.url)).status).toBe(200)
  await closing
  expect(timers).toEqual([])
  await expect(ask(server.url)).rejects.toThrow()
})

test('a port that is taken is one clear line', async () => {
  const { options } = world()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  await expect(startInference({ ...options, port })).rejects.toMatchObject({ code: 'PORT_TAKEN' })
  other.close()
})
