import { randomUUID } from 'node:crypto'
import type { PubSub, Topic } from '@google-cloud/pubsub'
import { TradingError } from '#shared/kernel/error.ts'
import { type TopicName, topics } from '../manifest/topic.ts'
import type { Bus, Message } from '../port.ts'
import { traceHeaders } from '../telemetry/trace-scope.ts'
import { encodeMessage } from './bus-row.ts'
import { openStream, type Receive } from './bus-stream.ts'
import type { GcpEnvironment } from './environment.ts'
import { platformFault } from './fault.ts'
import { subscriptionName } from './names.ts'
import { ensureSubscription, openPubsub, provisionMessaging } from './provision.ts'

export type GcpBusOptions = {
  readonly environment: GcpEnvironment
  /** Hears of messages that were lost or could not be taken, and of subscriptions that do not open. */
  readonly onFault: (fault: TradingError) => void
  /** Messages of one sender keep their order; default a new name per process. */
  readonly sender?: string
  /** A message that could not be handed over for this long is lost. */
  readonly patienceMs?: number
  /** `flush` answers after this long at most. */
  readonly flushTimeoutMs?: number
  readonly reopenDelayMs?: number
}

export type GcpBus = Bus & {
  /** Resolves when a closed bus has handed over what it could and let go of its connections. */
  closed(): Promise<void>
}

/** While the platform takes nothing, this many messages wait in memory; more are lost, and said to be. */
const waitingMessagesMax = 100_000

type Pending = Set<Promise<void>>
type Topics = Map<string, Topic>
type Loss = { count: number; latest: TradingError }

/**
 * Bus over Pub/Sub. A service reads each topic through its one subscription `<topic>-<service>`: every message goes to
 * one of its instances, and waits for the next when none runs. Whoever must not miss a message has one instance.
 *
 * On an emulator missing topics and subscriptions are made; in the cloud the infrastructure program makes them.
 *
 * @throws TradingError PLATFORM_UNREACHABLE when the emulator does not answer
 */
export async function openGcpBus(options: GcpBusOptions): Promise<GcpBus> {
  const { environment, onFault, flushTimeoutMs = 8_000 } = options
  const isEmulated = environment.endpoints.pubsub !== undefined
  const pubsub = await openPubsub(environment)
  if (isEmulated) await provisionMessaging(environment, { pubsub })

  const handles: Topics = new Map()
  const pending = new Map<Promise<void>, string>()
  const losses = new Map<string, Loss>()
  const readers = new Map<
    string,
    { receivers: Set<Receive>; close: Promise<() => Promise<void>> }
  >()
  const closing: Pending = new Set()
  const sender = options.sender ?? `${environment.service}-${randomUUID()}`
  let closed: Promise<void> | undefined

  const topicHandle = (topic: string): Topic => {
    const handle = handles.get(topic) ?? openTopic(pubsub, topic, options.patienceMs ?? 600_000)
    handles.set(topic, handle)
    return handle
  }

  const openReader = (topic: string) => {
    const receivers = new Set<Receive>()
    const subscription = subscriptionName(topic, environment.service)
    const stream = () =>
      openStream({
        pubsub,
        topic,
        subscription,
        receivers,
        onFault,
        reopenDelayMs: options.reopenDelayMs ?? 5_000,
      })
    const close = isEmulated
      ? ensureSubscription(pubsub, environment, { topic, reader: environment.service }).then(
          stream,
          (cause: unknown) => {
            onFault(platformFault(cause, `subscription ${subscription}`))
            return async () => {}
          },
        )
      : Promise.resolve(stream())
    return { receivers, close }
  }

  const closeReader = (topic: string) => {
    const reader = readers.get(topic)
    readers.delete(topic)
    if (reader)
      track(
        closing,
        reader.close
          .then((close) => close())
          .catch((cause: unknown) => {
            onFault(platformFault(cause, `closing the subscription of ${topic}`))
          }),
      )
  }

  const flush = async (topic?: string) => {
    const isMeant = (each: string) => topic === undefined || each === topic
    const waiting = () => [...pending].filter(([, each]) => isMeant(each)).map(([work]) => work)
    const sending = waiting()
    for (const [each, handle] of handles) if (isMeant(each)) void handle.flush().catch(() => {})
    const isDone = await within(flushTimeoutMs, Promise.all(sending))
    if (!isDone)
      throw new TradingError(
        'PLATFORM_UNREACHABLE',
        `Pub/Sub has not confirmed ${waiting().length} messages within ${flushTimeoutMs} ms; they are still being sent`,
      )
    reportLoss(losses, [...losses.keys()].filter(isMeant))
  }

  return {
    publish(topic, message) {
      if (closed !== undefined)
        throw new TradingError('STATE_CORRUPT', `message for '${topic}' after the bus was closed`)
      const bytes = encodeMessage(topic, message)
      const lose = (fault: TradingError) => {
        losses.set(topic, { count: (losses.get(topic)?.count ?? 0) + 1, latest: fault })
        onFault(fault)
      }
      if (pending.size >= waitingMessagesMax) return lose(queueFull(topic))
      const work = send(topicHandle(topic), topic, bytes, sender, lose)
      pending.set(work, topic)
      void work.finally(() => pending.delete(work))
    },
    subscribe(topic, receive) {
      const reader = readers.get(topic) ?? openReader(topic)
      readers.set(topic, reader)
      // Wrapped, so that the same function may subscribe twice.
      const own: Receive = (message: Message) => receive(message)
      reader.receivers.add(own)
      return () => {
        if (!reader.receivers.delete(own)) return
        if (reader.receivers.size === 0 && readers.get(topic) === reader) closeReader(topic)
      }
    },
    flush,
    close() {
      if (closed !== undefined) return
      for (const topic of [...readers.keys()]) closeReader(topic)
      closed = Promise.allSettled([flush(), ...closing]).then(async ([flushed]) => {
        if (flushed.status === 'rejected') onFault(platformFault(flushed.reason, 'closing the bus'))
        await pubsub.close()
      })
    },
    closed: () => closed ?? Promise.resolve(),
  }
}

function openTopic(pubsub: PubSub, topic: string, patienceMs: number): Topic {
  return pubsub.topic(topic, {
    messageOrdering: isOrdered(topic),
    // People and the next service wait for these: a batch leaves after 10 ms.
    batching: { maxMessages: 500, maxMilliseconds: 10 },
    gaxOpts: {
      retry: {
        retryCodes: [1, 2, 4, 8, 10, 13, 14],
        backoffSettings: {
          initialRetryDelayMillis: 100,
          retryDelayMultiplier: 2,
          maxRetryDelayMillis: 5_000,
          initialRpcTimeoutMillis: Math.min(10_000, patienceMs),
          rpcTimeoutMultiplier: 1,
          maxRpcTimeoutMillis: Math.min(10_000, patienceMs),
          totalTimeoutMillis: patienceMs,
        },
      },
    },
  })
}

const isOrdered = (topic: string): boolean =>
  Object.hasOwn(topics, topic) && 'isOrdered' in topics[topic as TopicName]

async function send(
  handle: Topic,
  topic: string,
  data: Buffer,
  sender: string,
  lose: (fault: TradingError) => void,
): Promise<void> {
  const orderingKey = isOrdered(topic) ? { orderingKey: sender } : {}
  try {
    // The attributes are taken before anything is waited for, so they are those of who published.
    await handle.publishMessage({
      data,
      attributes: { sender, ...traceHeaders() },
      ...orderingKey,
    })
  } catch (cause) {
    // A failed message stops its sender's queue until we say that we know of the gap.
    if (isOrdered(topic)) handle.resumePublishing(sender)
    lose(platformFault(cause, `publish to topic ${topic}`))
  }
}

/** Told once. */
function reportLoss(losses: Map<string, Loss>, topics: readonly string[]): void {
  const lost = topics.flatMap((topic) => losses.get(topic) ?? [])
  for (const topic of topics) losses.delete(topic)
  const latest = lost.at(-1)?.latest
  if (latest === undefined) return
  const count = lost.reduce((sum, each) => sum + each.count, 0)
  throw new TradingError(
    'PLATFORM_UNREACHABLE',
    `${count} messages were lost; the latest: ${latest.message}`,
    { count },
    latest,
  )
}

const queueFull = (topic: string): TradingError =>
  new TradingError(
    'PLATFORM_UNREACHABLE',
    `publish to topic ${topic}: ${waitingMessagesMax} messages already wait for Pub/Sub`,
  )

function track(set: Pending, work: Promise<void>): void {
  set.add(work)
  void work.finally(() => set.delete(work))
}

/** @returns whether the work ended in time */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
