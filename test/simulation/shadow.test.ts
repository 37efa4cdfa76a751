import { expect, test } from 'vitest'
import { type SimulationOptions, simulate } from '#services/local/simulation.ts'
import type { PredictionMessage, StatusMessage } from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type {
  VirtualHost,
  VirtualReply,
  VirtualRequest,
} from '#shared/simulation/network/virtual-network.ts'

const options: SimulationOptions = {
  seed: 7,
  // Features need a minute of market before the first of them is known.
  durationUs: 90 * microsPerSecond,
  symbols: ['BTCUSDT'],
  strategies: ['glft', 'grid', 'funding-carry'],
  equityQuote: 10_000,
  latencyUs: 5_000,
  report: () => {},
}

type Answer = (request: VirtualRequest) => VirtualReply | 'drop'

function modelServer(answer: Answer): VirtualHost & { readonly asked: VirtualRequest[] } {
  const asked: VirtualRequest[] = []
  return {
    asked,
    handleHttp(request) {
      asked.push(request)
      return answer(request)
    },
    openStream: () => ({ receive() {}, closed() {} }),
    advance() {},
    nextEventUs: () => undefined,
  }
}

const reply = (status: number, body: unknown, delayUs = 20_000): VirtualReply => ({
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
  delayUs,
})

const rowsOf = (request: VirtualRequest): readonly unknown[] =>
  (JSON.parse(request.body) as { rows: unknown[] }).rows

const says =
  (row: unknown, delayUs?: number): Answer =>
  (request) =>
    reply(
      200,
      { modelId: 'direction-a', horizonSeconds: 10, rows: rowsOf(request).map(() => row) },
      delayUs,
    )

const honest = says({ down: 0.2, flat: 0.5, up: 0.3 })

function recordingBus(): Bus & { of<T>(topic: string): readonly T[] } {
  const messages: { topic: string; message: Message }[] = []
  return {
    publish: (topic, message) => messages.push({ topic, message }),
    subscribe: () => () => {},
    flush: async () => {},
    close() {},
    of: <T>(topic: string) =>
      messages.filter((each) => each.topic === topic).map(({ message }) => message as unknown as T),
  }
}

const alone = simulate(options)

test('an honest model is heard once a second and moves nothing', async () => {
  const bus = recordingBus()
  const inference = modelServer(honest)
  const summary = await simulate({ ...options, inference, bus })
  expect(summary).toEqual(await alone)
  const predictions = bus.of<PredictionMessage>('predictions')
  expect(predictions.length).toBeGreaterThan(20)
  expect(predictions.length).toBeLessThanOrEqual(90)
  expect(predictions[0]).toMatchObject({
    run_id: 'simulation-7',
    model_id: 'direction-a',
    symbol: 'BTCUSDT',
    horizon_seconds: 10,
    probability_down: 0.2,
    probability_flat: 0.5,
    probability_up: 0.3,
    latency_ms: 30,
  })
  // A key of the table: no second row of one moment.
  expect(new Set(predictions.map(({ predicted_at }) => predicted_at)).size).toBe(predictions.length)
})

const liars: readonly (readonly [string, Answer, RegExp])[] = [
  ['hangs', () => 'drop', /no reply/],
  ['answers late', says({ down: 0.2, flat: 0.5, up: 0.3 }, 10 * microsPerSecond), /no reply/],
  [
    'answers NaN',
    (request) =>
      reply(
        200,
        `{"modelId":"a","horizonSeconds":10,"rows":[${rowsOf(request).map(() => '{"down":NaN,"flat":0,"up":1}')}]}`,
      ),
    /not JSON/,
  ],
  ['says more than 1', says({ down: 0.9, flat: 0.9, up: 0.9 }), /add up to 1/],
  ['says less than 0', says({ down: -0.5, flat: 0.5, up: 1 }), /no meaning/],
  ['leaves a class out', says({ down: 0.5, up: 0.5 }), /no meaning/],
  [
    'leaves rows out',
    () => reply(200, { modelId: 'a', horizonSeconds: 10, rows: [] }),
    /0 rows, 1 were asked/,
  ],
  ['fails', () => reply(500, 'oh dear'), /500: oh dear/],
  [
    'knows other features',
    () => reply(409, { error: 'MODEL_MISMATCH', message: 'other features' }),
    /other features/,
  ],
]

test.each(liars)(
  'a model server that %s changes no intent and is said once',
  async (_, answer, line) => {
    const bus = recordingBus()
    const inference = modelServer(answer)
    const summary = await simulate({ ...options, inference, bus })
    expect(summary).toEqual(await alone)
    expect(inference.asked.length).toBeGreaterThan(5)
    expect(bus.of('predictions')).toEqual([])
    const statuses = bus.of<StatusMessage>('status')
    expect(statuses).toEqual([
      expect.objectContaining({
        service: 'predictions',
        state: 'failed',
        detail: expect.stringMatching(line),
      }),
    ])
  },
)

test('that no model is promoted is no failure', async () => {
  const bus = recordingBus()
  const inference = modelServer(() =>
    reply(503, { error: 'MODEL_UNKNOWN', message: 'none is promoted' }),
  )
  await simulate({ ...options, inference, bus })
  expect(bus.of<StatusMessage>('status')).toEqual([
    expect.objectContaining({ state: 'stopped', detail: 'none is promoted' }),
  ])
})
