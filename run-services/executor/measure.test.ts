import { expect, test } from 'vitest'
import type { Bus } from '#shared/cloud/port.ts'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import { recordingTracer } from '#shared/cloud/telemetry/tracer.fixture.ts'
import { silentTracer } from '#shared/cloud/telemetry/tracer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Http } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { measureBus, measureHttp } from './measure.ts'

function recorded(): { metrics: Metrics; told: string[] } {
  const told: string[] = []
  const tell = (name: string, value: number, labels: object = {}) =>
    told.push([name.replace('asterai.', ''), value, ...Object.values(labels)].join(' '))
  return { told, metrics: { add: tell, record: tell, set: tell } }
}

function slowClock() {
  let nowUs = 0
  return {
    nowUs: () => {
      nowUs += 2_500
      return nowUs as Micros
    },
  }
}

const order = { url: 'https://venue.test/fapi/v3/order?symbol=BTCUSDT', timeoutUs: 1 }
const answering =
  (status: number): Http =>
  async () => ({ status, headers: {}, body: '{}' })

test.each([
  [200, 'acknowledged'],
  [400, 'refused'],
  [503, 'unknown'],
])('an order answered with %i counts as %s, with its latency', async (status, outcome) => {
  const { metrics, told } = recorded()
  await measureHttp(answering(status), { clock: slowClock(), metrics, tracer: silentTracer })({
    ...order,
    method: 'POST',
  })
  expect(told).toEqual(['order.latency 2.5 place', `order.outcomes 1 place ${outcome}`])
})

test('a lost reply is unknown, and stays an error', async () => {
  const { metrics, told } = recorded()
  const http = measureHttp(
    async () => {
      throw new TradingError('VENUE_UNREACHABLE', 'reset')
    },
    { clock: slowClock(), metrics, tracer: silentTracer },
  )
  await expect(http({ ...order, method: 'DELETE' })).rejects.toThrow('reset')
  expect(told).toEqual(['order.latency 2.5 cancel', 'order.outcomes 1 cancel unknown'])
})

test('every send is a span from order to answer, marked unless acknowledged; the venue hears of no trace', async () => {
  const { tracer, spans } = recordingTracer()
  const heard: unknown[] = []
  const replies: (number | TradingError)[] = [
    200,
    400,
    503,
    new TradingError('VENUE_UNREACHABLE', 'reset'),
  ]
  const venue: Http = async ({ headers }) => {
    heard.push(headers)
    const reply = replies.shift()
    if (typeof reply !== 'number') throw reply
    return { status: reply, headers: {}, body: '{}' }
  }
  const { metrics } = recorded()
  const http = measureHttp(venue, { clock: slowClock(), metrics, tracer })
  await http({ ...order, method: 'POST' })
  await http({ ...order, method: 'DELETE' })
  await http({ ...order, method: 'POST' })
  await http({ ...order, method: 'POST' }).catch(() => {})
  await http({ ...order, method: 'GET' }).catch(() => {})
  expect(spans.map(({ name, attributes, failure }) => [name, attributes.outcome, failure])).toEqual(
    [
      ['venue place', 'acknowledged', undefined],
      ['venue cancel', 'refused', 'answered 400'],
      ['venue place', 'unknown', 'answered 503'],
      ['venue place', undefined, 'reset'],
    ],
  )
  expect(heard).toEqual(Array(5).fill(undefined))
})

test('reads are not orders', async () => {
  const { metrics, told } = recorded()
  await measureHttp(answering(200), { clock: slowClock(), metrics, tracer: silentTracer })({
    ...order,
    method: 'GET',
  })
  expect(told).toEqual([])
})

test('what the bus is told becomes measurements, and the bus still hears it', () => {
  const { metrics, told } = recorded()
  const heard: string[] = []
  const bus: Bus = {
    publish: (topic) => heard.push(topic),
    subscribe: () => () => {},
    flush: async () => {},
    close() {},
  }
  const measured = measureBus(bus, metrics)
  const refusal = { verdict: 'refused', strategy: 'glft', reason: 'position 5.2 % is over 5 %' }
  measured.publish('decisions', refusal)
  measured.publish('decisions', { ...refusal, verdict: 'placed' })
  measured.publish('fills', { strategy: 'grid', liquidity: 'maker' })
  measured.publish('equity', {
    rows: [
      { strategy: 'glft', pnl: '-1.5', equity: '25' },
      { strategy: 'total', pnl: '-1.5', equity: '100' },
    ],
    trading: { isKilled: true, workingOrders: 3 },
  })
  measured.publish('heartbeats', { epoch: 4, stream_age_seconds: null })
  expect(heard).toEqual(['decisions', 'decisions', 'fills', 'equity', 'heartbeats'])
  expect(told).toEqual([
    'order.refusals 1 glft position',
    'fills 1 grid maker',
    'trading.killed 1',
    'order.working 3',
    'account.equity 100',
    'strategy.pnl -1.5 glft',
    'strategy.weight 0.25 glft',
    'strategy.pnl -1.5 total',
    'lease.held 1',
    'lease.epoch 4',
  ])
})

test('the age of the newest prediction grows while no other comes', () => {
  const { metrics, told } = recorded()
  const bus: Bus = {
    publish: () => {},
    subscribe: () => () => {},
    flush: async () => {},
    close() {},
  }
  const measured = measureBus(bus, metrics)
  measured.publish('predictions', { symbol: 'BTCUSDT', predicted_at: 5_000_000, latency_ms: 80 })
  measured.publish('heartbeats', { epoch: 1, stream_age_seconds: null, recorded_at: 6_000_000 })
  measured.publish('heartbeats', { epoch: 1, stream_age_seconds: null, recorded_at: 905_000_000 })
  expect(told.filter((line) => line.startsWith('prediction.age'))).toEqual([
    'prediction.age 1 BTCUSDT',
    'prediction.age 900 BTCUSDT',
  ])
})
