import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type PubsubEmulator, startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { type GcpBus, type GcpBusOptions, openGcpBus } from '#shared/cloud/gcp/bus.ts'
import { openStream } from '#shared/cloud/gcp/bus-stream.ts'
import type { GcpEnvironment } from '#shared/cloud/gcp/environment.ts'
import { deliveryAttemptsMax } from '#shared/cloud/gcp/names.ts'
import { ensureSubscription, openPubsub, provisionMessaging } from '#shared/cloud/gcp/provision.ts'
import type { Message } from '#shared/cloud/port.ts'
import { currentTrace, inTrace } from '#shared/cloud/telemetry/trace-scope.ts'
import type { TradingError } from '#shared/kernel/error.ts'
import { busConformance } from '#test/contract/bus.conformance.ts'
import { emulatedEnvironment } from './environment.ts'

/** The body of a push. */
type Delivery = {
  readonly message: { readonly messageId: string; readonly data: string }
  readonly subscription: string
  readonly deliveryAttempt: number
}

let emulator: PubsubEmulator
const opened: GcpBus[] = []

beforeAll(async () => {
  emulator = await startPubsubEmulator()
})
afterEach(async () => {
  for (const bus of opened.splice(0)) {
    bus.close()
    await bus.closed()
  }
})
afterAll(() => emulator.close())

const environmentOf = (service: string) =>
  emulatedEnvironment({ pubsub: emulator.host }, { service })

async function openBus(
  environment: GcpEnvironment,
  options: Partial<GcpBusOptions> = {},
): Promise<{ bus: GcpBus; faults: TradingError[] }> {
  const faults: TradingError[] = []
  const onFault = (fault: TradingError) => faults.push(fault)
  const bus = await openGcpBus({ environment, onFault, ...options })
  opened.push(bus)
  return { bus, faults }
}

describe('bus over Pub/Sub', () => {
  busConformance(async () => {
    const left = environmentOf('left')
    const right = { ...left, service: 'right' }
    // Infrastructure makes these before any service starts.
    const pubsub = await openPubsub(left)
    await provisionMessaging(left, { pubsub })
    for (const topic of ['fills', 'orders', 'status'])
      for (const reader of ['left', 'right'])
        await ensureSubscription(pubsub, left, { topic, reader })
    await pubsub.close()
    return { left: (await openBus(left)).bus, right: (await openBus(right)).bus }
  })
})

const topicName = ({ projectId }: GcpEnvironment, topic: string) =>
  `projects/${projectId}/topics/${topic}`
const subscriptionPath = ({ projectId }: GcpEnvironment, name: string) =>
  `projects/${projectId}/subscriptions/${name}`

/** Resolves once the claim holds; the emulator tells of no change, so it is asked again each turn. */
async function until(claim: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(claim()).toBe(true), { timeout: 20_000, interval: 5 })
}

/** An environment whose topics and subscriptions exist, with a short rest between deliveries. */
async function provisioned(service = 'console'): Promise<GcpEnvironment> {
  const environment = environmentOf(service)
  await provisionMessaging(environment, { retryBackoffMs: 5 })
  return environment
}

test('a message is received in the trace it was published in, and in none without', async () => {
  const environment = await provisioned()
  const { bus } = await openBus(environment)
  const seen: unknown[] = []
  bus.subscribe('fills', () => seen.push(currentTrace()))
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true }
  inTrace(ids, () => bus.publish('fills', { trade_id: 1 }))
  bus.publish('fills', { trade_id: 2 })
  await until(() => seen.length === 2)
  expect(seen).toEqual([ids, undefined])
})

describe('messages that are not taken', () => {
  test('a receiver that throws twice sees the same message a third time', async () => {
    const environment = await provisioned()
    const { bus, faults } = await openBus(environment)
    const seen: Message[] = []
    bus.subscribe('fills', (message) => {
      seen.push(message)
      if (seen.length < 3) throw new Error('not yet')
    })
    bus.publish('fills', { trade_id: 7 })
    await until(() => seen.length >= 3)
    const path = subscriptionPath(environment, 'fills-console')
    await until(() => emulator.backlog(path)?.lent === 0)
    expect(seen).toEqual([{ trade_id: 7 }, { trade_id: 7 }, { trade_id: 7 }])
    expect(faults.map(({ details }) => details.attempt)).toEqual([1, 2])
    expect(new Set(faults.map(({ details }) => details.messageId)).size).toBe(1)
    expect(emulator.backlog(path)).toEqual({ waiting: 0, lent: 0 })
  })

  test('a message is taken only when the promise of its receiver resolves', async () => {
    const environment = await provisioned()
    const { bus } = await openBus(environment)
    let deliveries = 0
    const first = Promise.withResolvers<void>()
    bus.subscribe('fills', () => (++deliveries === 1 ? first.promise : Promise.resolve()))
    bus.publish('fills', { trade_id: 8 })
    const path = subscriptionPath(environment, 'fills-console')
    await until(() => deliveries === 1)
    expect(emulator.backlog(path)?.lent).toBe(1)
    first.reject(new Error('not stored'))
    await until(() => deliveries === 2 && emulator.backlog(path)?.lent === 0)
    expect(emulator.backlog(path)).toEqual({ waiting: 0, lent: 0 })
  })

  test('what arrives after the last receiver has left is given back, not taken', async () => {
    const environment = await provisioned()
    const pubsub = await openPubsub(environment)
    const client = await openPubsub(environment)
    const close = openStream({
      pubsub,
      topic: 'status',
      subscription: 'status-console',
      receivers: new Set(),
      onFault: () => {},
      reopenDelayMs: 5,
    })
    await client.topic('status').publishMessage({ data: Buffer.from('{"isKept":true}') })
    await until(() => emulator.published(topicName(environment, 'dead-letters')).length === 1)
    await close()
    await Promise.all([pubsub.close(), client.close()])
  })

  test('a message that nobody can take ends in the dead letters, and the next one is taken', async () => {
    const environment = await provisioned()
    const { bus, faults } = await openBus(environment)
    const seen: Message[] = []
    bus.subscribe('status', (message) => {
      if (message.isPoison) throw new Error('poison')
      seen.push(message)
    })
    bus.publish('status', { isPoison: true })
    bus.publish('status', { isPoison: false })
    const dead = () => emulator.published(topicName(environment, 'dead-letters'))
    await until(() => dead().length === 1 && seen.length === 1)
    expect(dead()[0]).toMatchObject({
      data: Buffer.from('{"isPoison":true}'),
      attributes: {
        CloudPubSubDeadLetterSourceSubscription: 'status-console',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
      },
    })
    expect(faults).toHaveLength(5)
    const kept = subscriptionPath(environment, 'dead-letters-keep')
    expect(emulator.backlog(kept)).toEqual({ waiting: 1, lent: 0 })
  })

  test('bytes that are no message end there too, and reach no receiver', async () => {
    const environment = await provisioned()
    const { bus, faults } = await openBus(environment)
    const seen: Message[] = []
    bus.subscribe('status', (message) => seen.push(message))
    const client = await openPubsub(environment)
    await client.topic('status').publishMessage({ data: Buffer.from('no JSON') })
    await client.close()
    await until(() => emulator.published(topicName(environment, 'dead-letters')).length === 1)
    expect(seen).toEqual([])
    expect(faults[0]).toMatchObject({ code: 'WIRE_SHAPE_UNKNOWN' })
  })
})

describe('a connection that breaks', () => {
  test('order is kept over a reconnect, and nothing is lost', async () => {
    const environment = await provisioned()
    const { bus } = await openBus(environment)
    const seen: number[] = []
    const cut: number[] = []
    bus.subscribe('orders', ({ sequence }) => {
      seen.push(Number(sequence))
      if (seen.length % 60 === 50) cut.push(emulator.breakStreams())
    })
    for (const part of [0, 1, 2]) {
      for (let index = 0; index < 60; index++)
        bus.publish('orders', { sequence: part * 60 + index })
      await until(() => new Set(seen).size === (part + 1) * 60)
    }
    // At least once: a message may come again, but never before one that is older and unseen.
    expect([...new Set(seen)]).toEqual(Array.from({ length: 180 }, (_, sequence) => sequence))
    expect(cut.filter((streams) => streams > 0).length).toBeGreaterThan(1)
  })

  test('a subscription that is not there yet is asked for again, and said to be missing', async () => {
    const environment = await provisioned()
    const pubsub = await openPubsub(environment)
    const faults: TradingError[] = []
    const seen: Message[] = []
    const close = openStream({
      pubsub,
      topic: 'status',
      subscription: 'status-newcomer',
      receivers: new Set([(message) => seen.push(message)]),
      onFault: (fault) => faults.push(fault),
      reopenDelayMs: 5,
    })
    await until(() => faults.length > 1)
    expect(faults[0]).toMatchObject({
      code: 'PLATFORM_REFUSED',
      message: expect.stringContaining('subscription status-newcomer'),
    })
    await ensureSubscription(pubsub, environment, { topic: 'status', reader: 'newcomer' })
    await pubsub.topic('status').publishMessage({ data: Buffer.from('{"state":"running"}') })
    await until(() => seen.length === 1)
    await close()
    await pubsub.close()
  })

  test('what could not be handed over is told, and flush says so once', async () => {
    const environment = await provisioned()
    const { bus, faults } = await openBus(environment, { patienceMs: 200 })
    emulator.refusePublishing(true)
    bus.publish('orders', { sequence: 1 })
    bus.publish('status', { state: 'running' })
    await expect(bus.flush()).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      message: expect.stringContaining('2 messages were lost'),
    })
    expect(faults.map(({ code }) => code)).toEqual(['PLATFORM_UNREACHABLE', 'PLATFORM_UNREACHABLE'])
    emulator.refusePublishing(false)
    bus.publish('orders', { sequence: 2 })
    await expect(bus.flush()).resolves.toBeUndefined()
    expect(emulator.published(topicName(environment, 'orders'))).toHaveLength(1)
  })

  test('a loss elsewhere is not told of the topic that is flushed', async () => {
    const environment = await provisioned()
    const { bus, faults } = await openBus(environment, { patienceMs: 1_000 })
    emulator.refusePublishing(true)
    bus.publish('status', { state: 'running' })
    await until(() => faults.length === 1)
    emulator.refusePublishing(false)
    bus.publish('commands', { command: 'kill' })
    await bus.flush('commands')
    expect(emulator.published(topicName(environment, 'commands'))).toHaveLength(1)
    await expect(bus.flush()).rejects.toThrow('1 messages were lost')
    await bus.flush()
  })

  test('a short outage loses nothing and keeps the order', async () => {
    const environment = await provisioned()
    const { bus, faults } = await openBus(environment)
    emulator.refusePublishing(true)
    for (let sequence = 0; sequence < 20; sequence++) bus.publish('orders', { sequence })
    const flushed = bus.flush()
    setTimeout(() => emulator.refusePublishing(false), 150)
    await flushed
    const stored = emulator.published(topicName(environment, 'orders'))
    expect(stored.map(({ data }) => JSON.parse(data.toString()).sequence)).toEqual(
      Array.from({ length: 20 }, (_, sequence) => sequence),
    )
    expect(faults).toEqual([])
  })

  test('flush does not wait for good', async () => {
    const environment = await provisioned()
    const { bus } = await openBus(environment, { patienceMs: 1_000, flushTimeoutMs: 50 })
    emulator.refusePublishing(true)
    bus.publish('status', { state: 'running' })
    await expect(bus.flush()).rejects.toThrow('has not confirmed 1 messages within 50 ms')
    emulator.refusePublishing(false)
  })
})

describe('what the platform delivers by itself', () => {
  test('rows of a topic with a table are stored; a row that is refused ends in the dead letters', async () => {
    const stored: [string, unknown][] = []
    const own = await startPubsubEmulator({
      writeRows: async (table, rows) => {
        if (rows.some((row) => row.symbol === undefined)) throw new Error('symbol is missing')
        for (const row of rows) stored.push([table, row])
      },
    })
    const environment = emulatedEnvironment({ pubsub: own.host }, { service: 'executor' })
    await provisionMessaging(environment, { retryBackoffMs: 5 })
    const { bus } = await openBus(environment)
    bus.publish('fills', { symbol: 'BTCUSDT', event_time: 1_700_000_000_000_001 })
    bus.publish('fills', { wrong: true })
    bus.publish('fills', { symbol: 'ETHUSDT', event_time: 2 })
    const dead = () => own.published(topicName(environment, 'dead-letters'))
    await until(() => stored.length === 2 && dead().length === 1)
    const table = `${environment.projectId}.asterai_raw.fills`
    expect(stored).toEqual([
      [table, { symbol: 'BTCUSDT', event_time: '2023-11-14T22:13:20.000001Z' }],
      [table, { symbol: 'ETHUSDT', event_time: '1970-01-01T00:00:00.000002Z' }],
    ])
    expect(dead()[0]?.data.toString()).toBe('{"wrong":true}')
    bus.close()
    await bus.closed()
    await own.close()
  })

  test('a push is signed for its address, repeated until it is taken, with the same id', async () => {
    const pushes: { authorization: string | undefined; body: unknown }[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
        pushes.push({ authorization: request.headers.authorization, body })
        response.writeHead(pushes.length < 3 ? 503 : 204).end()
      })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const own = await startPubsubEmulator({
      pushToken: (audience, account) => `signed.${account}.${audience}`,
    })
    const environment = emulatedEnvironment({ pubsub: own.host })
    await provisionMessaging(environment, {
      pushEndpoints: { 'guard-spend': endpoint },
      retryBackoffMs: 5,
    })
    const { bus } = await openBus(environment)
    bus.publish('budget-notices', { costAmount: 12.5 })
    await until(() => pushes.length === 3)
    const deliveries = pushes.map(({ body }) => body as Delivery)
    expect(deliveries.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3])
    expect(new Set(deliveries.map(({ message }) => message.messageId)).size).toBe(1)
    const [{ message, subscription }] = deliveries as [Delivery]
    expect(JSON.parse(Buffer.from(message.data, 'base64').toString())).toEqual({ costAmount: 12.5 })
    expect(subscription).toBe(subscriptionPath(environment, 'budget-notices-guard-spend'))
    expect(pushes[0]?.authorization).toBe(`Bearer signed.pusher@emulated.${endpoint}`)
    bus.close()
    await bus.closed()
    await own.close()
    await new Promise((closed) => server.close(closed))
  })
})

describe('what infrastructure makes', () => {
  test('every subscription but the one of the dead letters has a dead-letter policy', async () => {
    const environment = await provisioned()
    await provisionMessaging(environment, {
      pushEndpoints: { 'guard-spend': 'http://127.0.0.1:1' },
    })
    const client = await openPubsub(environment)
    const [subscriptions] = await client.getSubscriptions()
    const unsafe: string[] = []
    for (const subscription of subscriptions) {
      const [{ deadLetterPolicy }] = await subscription.getMetadata()
      if (deadLetterPolicy?.maxDeliveryAttempts !== deliveryAttemptsMax)
        unsafe.push(subscription.name.split('/').at(-1) ?? '')
    }
    await client.close()
    const own = subscriptions.filter(({ name }) => name.includes(`/${environment.projectId}/`))
    expect(own.length).toBeGreaterThan(10)
    expect(unsafe).toEqual(unsafe.filter((name) => name === 'dead-letters-keep'))
  })
})
