import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  memoryBlobs,
  promote,
  sampleCard,
  uploadModel,
} from '#shared/cloud/model-registry.fixture.ts'
import type { Blobs } from '#shared/cloud/port.ts'
import { currentTrace } from '#shared/cloud/telemetry/trace-scope.ts'
import { recordingTracer } from '#shared/cloud/telemetry/tracer.fixture.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createInferenceApp, inferenceLimits } from './app.ts'
import { createModelSlot } from './model-slot.ts'
import { onnxFile } from './onnx-file.fixture.ts'
import { openScorer } from './scorer.ts'

const card = sampleCard()
const file = onnxFile({
  weights: [
    [1, 0, -1],
    [0.5, 0, 0],
  ],
  bias: [0, 0.1, 0],
})
const { featureFingerprint } = card

async function world({ state = memoryBlobs() as Blobs, upload = true } = {}) {
  const models = memoryBlobs()
  if (upload) {
    await uploadModel(models, card, file)
    await promote(state, 1, card.modelId)
  }
  const lines: string[] = []
  const scored: number[] = []
  const slot = createModelSlot({
    state,
    models,
    clock: { nowUs: () => 5 as Micros },
    featureFingerprint,
    open: (bytes) => openScorer(bytes, { provider: 'cpu', threads: 1 }),
    report: (line) => lines.push(line),
  })
  const app = createInferenceApp({
    slot,
    monotonicMs: () => 0,
    onScored: ({ rows }) => scored.push(rows),
    report: (fault) => lines.push(String(fault)),
  })
  const predict = async (body: unknown) => {
    const reply = await app.request('/v1/predict', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
  }
  return { app, slot, state, models, lines, scored, predict }
}

const softmax = (logits: readonly number[]) => {
  const powers = logits.map(Math.exp)
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}

test('scores a row as the formula does', async () => {
  const { slot, predict } = await world()
  await slot.refresh()
  const { status, body } = await predict({ featureFingerprint, features: [0.3, -2] })
  const [down, flat, up] = softmax([0.3 - 1, 0.1, -0.3])
  expect(status).toBe(200)
  expect(body).toMatchObject({ modelId: card.modelId, horizonSeconds: 10 })
  const answer = body.probabilities as Record<string, number>
  expect(answer.down).toBeCloseTo(down!, 6)
  expect(answer.flat).toBeCloseTo(flat!, 6)
  expect(answer.up).toBeCloseTo(up!, 6)
})

test('a batch answers in the order asked, the same as one by one', async () => {
  const { slot, predict, scored } = await world()
  await slot.refresh()
  const rows = Array.from({ length: 50 }, (_, index) => [index / 10 - 2, Math.sin(index)])
  const batch = (await predict({ featureFingerprint, rows })).body.rows as unknown[]
  for (const [index, features] of rows.entries()) {
    const single = (await predict({ featureFingerprint, features })).body.probabilities
    expect(batch[index]).toEqual(single)
  }
  expect(scored[0]).toBe(50)
})

test.each([
  [
    'another fingerprint',
    { featureFingerprint: 'e'.repeat(64), features: [1, 2] },
    409,
    'MODEL_MISMATCH',
  ],
  ['too few features', { featureFingerprint, features: [1] }, 400, 'OPTION_INVALID'],
  [
    'too many features',
    {
      featureFingerprint,
      rows: [
        [1, 2],
        [1, 2, 3],
      ],
    },
    400,
    'OPTION_INVALID',
  ],
  ['null for a number', { featureFingerprint, features: [1, null] }, 400, 'OPTION_INVALID'],
  ['text for a number', { featureFingerprint, features: ['1', 2] }, 400, 'OPTION_INVALID'],
  ['no rows', { featureFingerprint, rows: [] }, 400, 'OPTION_INVALID'],
  ['no fingerprint', { features: [1, 2] }, 400, 'OPTION_INVALID'],
  [
    'an unknown field',
    { featureFingerprint, features: [1, 2], symbol: 'X' },
    400,
    'OPTION_INVALID',
  ],
  ['no JSON', '{"features":[NaN,1]}', 400, 'OPTION_INVALID'],
  [
    'an infinite number',
    `{"featureFingerprint":"${featureFingerprint}","features":[1e999,1]}`,
    400,
    'OPTION_INVALID',
  ],
  ['a number beyond float32', { featureFingerprint, features: [1e39, 1] }, 400, 'OPTION_INVALID'],
])('refuses %s', async (_, body, status, error) => {
  const { slot, predict, scored } = await world()
  await slot.refresh()
  expect(await predict(body)).toMatchObject({ status, body: { error } })
  expect(scored).toEqual([])
})

test('refuses more rows than one call may have, and a body that is too large', async () => {
  const { slot, predict } = await world()
  await slot.refresh()
  const rows = Array.from({ length: inferenceLimits.rowsMax + 1 }, () => [1, 2])
  expect((await predict({ featureFingerprint, rows })).status).toBe(400)
  expect((await predict('x'.repeat(inferenceLimits.bodyBytesMax + 1))).status).toBe(413)
})

test('is not ready before the first look, ready without a promotion, and says that none is there', async () => {
  const { app, slot, predict } = await world({ upload: false })
  expect((await app.request('/readyz')).status).toBe(503)
  expect((await app.request('/healthz')).status).toBe(200)
  await slot.refresh()
  expect((await app.request('/readyz')).status).toBe(200)
  expect(await predict({ featureFingerprint, features: [1, 2] })).toMatchObject({
    status: 503,
    body: { error: 'MODEL_UNKNOWN' },
  })
})

test('a first model of other features is refused: not ready, and one clear line', async () => {
  const { app, slot, models, state, lines, predict } = await world({ upload: false })
  await uploadModel(models, sampleCard({ featureFingerprint: 'e'.repeat(64) }), file)
  await promote(state, 1, card.modelId)
  await slot.refresh()
  await slot.refresh()
  expect((await app.request('/readyz')).status).toBe(503)
  expect(lines).toEqual([expect.stringMatching(/trained on features eeee.*computes ffff/)])
  expect((await predict({ featureFingerprint, features: [1, 2] })).status).toBe(503)
})

test('a new promotion takes over', async () => {
  const { slot, models, state, predict } = await world()
  await slot.refresh()
  const next = sampleCard({ modelId: 'direction-next' })
  await uploadModel(
    models,
    next,
    onnxFile({
      weights: [
        [0, 0, 0],
        [0, 0, 0],
      ],
      bias: [0, 0, 0],
    }),
  )
  await promote(state, 2, next.modelId)
  await slot.refresh()
  const { body } = await predict({ featureFingerprint, features: [1, 2] })
  expect(body.modelId).toBe('direction-next')
  expect(slot.model).toMatchObject({ sequence: 2, loadedAtUs: 5 })
})

test.each([
  ['that is no ONNX file', new Uint8Array([1, 2, 3])],
  [
    'that answers NaN',
    onnxFile({
      weights: [
        [Number.NaN, 0, 0],
        [0, 0, 0],
      ],
      bias: [0, 0, 0],
    }),
  ],
  [
    'whose answers do not add up to 1',
    onnxFile({
      weights: [
        [1, 0, 0],
        [0, 0, 0],
      ],
      bias: [2, 0, 0],
      withSoftmax: false,
    }),
  ],
  [
    'with an input of another name',
    onnxFile({
      weights: [
        [1, 0, 0],
        [0, 0, 0],
      ],
      bias: [0, 0, 0],
      inputName: 'x',
    }),
  ],
  [
    'with two classes',
    onnxFile({
      weights: [
        [1, 0],
        [0, 0],
      ],
      bias: [0, 0],
    }),
  ],
  [
    'with a feature too many',
    onnxFile({
      weights: [
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
      bias: [0, 0, 0],
    }),
  ],
])('a new model %s is refused and the old one stays', async (_, bytes) => {
  const { app, slot, models, state, lines, predict } = await world()
  await slot.refresh()
  const next = sampleCard({ modelId: 'direction-next' })
  await uploadModel(models, next, bytes)
  await promote(state, 2, next.modelId)
  await slot.refresh()
  await slot.refresh()
  expect((await predict({ featureFingerprint, features: [1, 2] })).body.modelId).toBe(card.modelId)
  expect((await app.request('/readyz')).status).toBe(200)
  expect(slot.problem?.code).toBe('MODEL_BROKEN')
  expect(lines.filter((line) => line.includes('goes on serving'))).toHaveLength(1)
  expect(await (await app.request('/v1/model')).json()).toMatchObject({
    card: { modelId: card.modelId },
    problem: expect.any(String),
  })
})

test('a bucket that does not answer is no reason to stop serving', async () => {
  const state = memoryBlobs()
  let isDown = false
  const { slot, predict } = await world({
    state: {
      ...state,
      list: async (prefix) => {
        if (isDown) throw new TradingError('PLATFORM_UNREACHABLE', 'the bucket is away')
        return await state.list(prefix)
      },
    },
  })
  await slot.refresh()
  isDown = true
  await slot.refresh()
  expect((await predict({ featureFingerprint, features: [1, 2] })).status).toBe(200)
  isDown = false
  await slot.refresh()
  expect(slot.problem).toBeUndefined()
})

test('calls under way keep the model they began with', async () => {
  const { slot, models, state } = await world()
  await slot.refresh()
  const asked = Array.from({ length: 20 }, () => slot.score([[1, 2]]))
  const next = sampleCard({ modelId: 'direction-next' })
  await uploadModel(models, next, file)
  await promote(state, 2, next.modelId)
  const [answers] = await Promise.all([Promise.all(asked), slot.refresh()])
  expect(answers.every((answer) => answer.card.modelId === card.modelId)).toBe(true)
  expect((await slot.score([[1, 2]])).card.modelId).toBe('direction-next')
  await slot.close()
  await expect(slot.score([[1, 2]])).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' })
})

const cudaLibrary = new URL(
  '../../node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so',
  import.meta.url,
)

test.skipIf(existsSync(cudaLibrary))(
  'a GPU that is not there is said, never replaced by the CPU in silence',
  async () => {
    await expect(openScorer(file, { provider: 'cuda', threads: 1 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('INFERENCE_PROVIDER=cuda'),
    })
  },
)

test('a call goes on with the trace of who asked, up to the line that says why it failed', async () => {
  const { tracer, spans } = recordingTracer()
  const logged: unknown[] = []
  const broken = { ...(await world()).slot, hasLooked: true, score: () => Promise.reject(fault) }
  const fault = new TypeError('no such tensor')
  const app = createInferenceApp({
    slot: broken,
    monotonicMs: () => 0,
    tracer,
    report: (error) => logged.push([error, currentTrace()?.traceId]),
  })
  const traceId = 'a'.repeat(32)
  const reply = await app.request('/v1/predict', {
    method: 'POST',
    headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` },
    body: JSON.stringify({ featureFingerprint, features: [0, 0] }),
  })
  expect(reply.status).toBe(500)
  expect(logged).toEqual([[fault, traceId]])
  expect(spans).toMatchObject([{ name: 'predict', ids: { traceId }, failure: 'answered 500' }])
})
