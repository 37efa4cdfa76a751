import { expect, test } from 'vitest'
import type { PredictionMessage, StatusMessage } from '#shared/cloud/message.ts'
import type { Message } from '#shared/cloud/port.ts'
import { recordingTracer } from '#shared/cloud/telemetry/tracer.fixture.ts'
import type { HttpReply, HttpRequest, Runtime } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerSecond } from '#shared/kernel/unit.ts'
import { type InferenceAccess, startShadow } from './shadow.ts'

type Question = { readonly request: HttpRequest; settle(reply: HttpReply): void }

/** A clock that is turned by hand and questions that are answered by hand. */
function world(access: Partial<InferenceAccess> = {}, known: readonly boolean[] = [true, true]) {
  let nowUs = 1_000_000_000
  const timers: { atUs: number; task: () => void }[] = []
  const questions: Question[] = []
  const published: { topic: string; message: Message }[] = []
  const runtime: Runtime = {
    clock: { nowUs: () => nowUs as Micros },
    timers: {
      after(delayUs, task) {
        const timer = { atUs: nowUs + delayUs, task }
        timers.push(timer)
        return () => timers.splice(timers.indexOf(timer), 1)
      },
    },
    http: (request) =>
      new Promise((settle) => {
        questions.push({ request, settle })
      }),
    openSocket: () => ({ send() {}, close() {} }),
  }
  const shadow = startShadow(
    {
      runtime,
      bus: {
        publish: (topic, message) => published.push({ topic, message }),
        subscribe: () => () => {},
        flush: async () => {},
        close() {},
      },
      inference: { url: 'http://inference', ...access },
    },
    {
      runId: 'run-1',
      symbols: ['BTCUSDT', 'ETHUSDT'],
      featureFingerprint: 'abc',
      vectorOf: (index) => (known[index] ? [index, 0.5] : undefined),
    },
  )
  return {
    shadow,
    questions,
    of: <T>(topic: string) =>
      published.filter((each) => each.topic === topic).map((each) => each.message as unknown as T),
    async pass(seconds: number) {
      const untilUs = nowUs + seconds * microsPerSecond
      for (;;) {
        const next = timers.toSorted((a, b) => a.atUs - b.atUs)[0]
        if (!next || next.atUs > untilUs) break
        timers.splice(timers.indexOf(next), 1)
        nowUs = next.atUs
        next.task()
        await settled()
      }
      nowUs = untilUs
    },
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
const row = { down: 0.2, flat: 0.5, up: 0.3 }
const answer = (rows: readonly unknown[], modelId = 'direction-a'): HttpReply => ({
  status: 200,
  headers: {},
  body: JSON.stringify({ modelId, horizonSeconds: 10, rows }),
})

test('asks for all symbols at once, with the fingerprint of the features', async () => {
  const { questions, pass } = world({ headers: async () => ({ authorization: 'Bearer x' }) })
  await pass(1)
  const { url, body, headers, timeoutUs } = questions[0]!.request
  expect(url).toBe('http://inference/v1/predict')
  expect(JSON.parse(body!)).toEqual({
    featureFingerprint: 'abc',
    rows: [
      [0, 0.5],
      [1, 0.5],
    ],
  })
  expect(headers).toMatchObject({ authorization: 'Bearer x' })
  expect(timeoutUs).toBe(microsPerSecond)
})

test('a question is a span that the model server can go on with; a refusal marks it', async () => {
  const { tracer, spans } = recordingTracer()
  const { questions, pass } = world({ tracer })
  await pass(1)
  const [{ ids, attributes }] = spans as [(typeof spans)[0]]
  expect(questions[0]?.request.headers?.traceparent).toBe(`00-${ids.traceId}-${ids.spanId}-01`)
  expect(attributes).toEqual({ rows: '2' })
  questions[0]!.settle({ status: 503, headers: {}, body: '' })
  await settled()
  expect(spans.map(({ name, failure }) => [name, failure])).toEqual([['ask model', 'answered 503']])
})

test('symbols whose features are not known are left out, and nothing is asked for nobody', async () => {
  const some = world({}, [false, true])
  await some.pass(1)
  some.questions[0]!.settle(answer([row]))
  await some.pass(0)
  await settled()
  expect(some.shadow.latest('BTCUSDT')).toBeUndefined()
  expect(some.shadow.latest('ETHUSDT')?.probabilities).toEqual(row)
  const none = world({}, [false, false])
  await none.pass(10)
  expect(none.questions).toEqual([])
})

test('an answer is kept with the age of its features, and not used past five seconds', async () => {
  const { shadow, questions, pass, of } = world()
  await pass(1)
  await pass(0.25)
  questions[0]!.settle(answer([row, row]))
  await settled()
  expect(shadow.latest('BTCUSDT')).toEqual({
    modelId: 'direction-a',
    horizonSeconds: 10,
    probabilities: row,
    ageUs: 250_000,
  })
  expect(of<PredictionMessage>('predictions').map(({ latency_ms }) => latency_ms)).toEqual([
    250, 250,
  ])
  await pass(4.75)
  expect(shadow.latest('BTCUSDT')?.ageUs).toBe(5 * microsPerSecond)
  await pass(0.000001)
  expect(shadow.latest('BTCUSDT')).toBeUndefined()
})

test('one question is open at a time; one that never comes back is given up after three seconds', async () => {
  const { questions, pass, of } = world()
  await pass(3.5)
  expect(questions).toHaveLength(1)
  await pass(1)
  expect(questions).toHaveLength(2)
  expect(of<StatusMessage>('status')).toMatchObject([{ state: 'failed' }])
})

test('an answer to a question that was given up belongs to nobody', async () => {
  const { shadow, questions, pass, of } = world()
  await pass(4)
  expect(questions).toHaveLength(2)
  questions[0]!.settle(answer([row, row], 'late'))
  await settled()
  expect(shadow.latest('BTCUSDT')).toBeUndefined()
  expect(of('predictions')).toEqual([])
  // The question that is open stays the only one.
  await pass(1)
  expect(questions).toHaveLength(2)
})

test('headers that cannot be had are a failure of the question, not of the trader', async () => {
  const { pass, of } = world({ headers: () => Promise.reject(new Error('no identity here')) })
  await pass(3)
  expect(of<StatusMessage>('status')).toMatchObject([
    { service: 'predictions', state: 'failed', detail: 'no identity here' },
  ])
})

test('going away and coming back are each said once', async () => {
  const { questions, pass, of } = world()
  const answers = [
    answer([row, row]),
    answer([row, row]),
    { status: 500, headers: {}, body: 'x' },
    { status: 500, headers: {}, body: 'x' },
    answer([row, row]),
  ]
  for (const each of answers) {
    await pass(1)
    questions.at(-1)!.settle(each)
    await settled()
  }
  expect(of<StatusMessage>('status').map(({ state }) => state)).toEqual([
    'running',
    'failed',
    'running',
  ])
})

test('no answer is read that would take the time of the trading beside it', async () => {
  const { questions, pass } = world()
  await pass(1)
  const { replyBytesMax } = questions[0]!.request
  expect(replyBytesMax).toBeLessThan(10_000)
  expect(answer([row, row]).body.length).toBeLessThan(replyBytesMax!)
})

test('after its end nothing is asked and nothing published', async () => {
  const { shadow, questions, pass, of } = world()
  await pass(1)
  shadow.stop()
  questions[0]!.settle(answer([row, row]))
  await pass(10)
  expect(questions).toHaveLength(1)
  expect(of('predictions')).toEqual([])
})
