import { randomUUID } from 'node:crypto'
import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Timers } from '#shared/kernel/runtime.ts'
import { type RunningServer, serveGrpc, unary } from './grpc-server.ts'
import { type Mailbox, openMailbox, type StoredMessage } from './mailbox.ts'
import { type Pump, type PushToken, pushPump, rowPump, type WriteRows } from './pubsub-delivery.ts'
import {
  millisecondsOf,
  type StreamingPullRequest,
  type WireMessage,
  type WireSubscription,
  type WireTopic,
} from './pubsub-wire.ts'
import { wallTimers } from './timers.ts'

export type PubsubEmulatorOptions = {
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** Takes what BigQuery subscriptions store; without it their messages wait. */
  readonly writeRows?: WriteRows
  readonly pushToken?: PushToken
  /** Time of deadlines and backoff. */
  readonly timers?: Timers
}

export type PubsubEmulator = RunningServer & {
  /**
   * The newest messages of a topic, oldest first, at most 1,000.
   *
   * @param topic - its full name, or the last part of it where one project has it
   */
  published(topic: string): readonly StoredMessage[]
  /** @returns undefined when there is no such subscription */
  backlog(subscription: string): { readonly waiting: number; readonly lent: number } | undefined
  /**
   * Cuts every open stream, as a network does; what was lent stays lent until its deadline.
   *
   * @returns how many were cut
   */
  breakStreams(): number
  /** While true every publish is answered UNAVAILABLE. */
  refusePublishing(isRefusing: boolean): void
}

type Stream = ServerDuplexStream<StreamingPullRequest, Readonly<Record<string, unknown>>>
type Reader = {
  readonly spec: WireSubscription
  readonly mailbox: Mailbox
  readonly pumps: Set<Pump>
}
type Log = { readonly messages: StoredMessage[] }

const publishedMessagesMax = 1_000
const streamMessagesMax = 1_000
const fault = (code: number, details: string) => ({ code, details })

/**
 * Pub/Sub on this machine over gRPC: what this product uses of it, and UNIMPLEMENTED for the rest.
 *
 * @throws TradingError PORT_TAKEN
 */
export async function startPubsubEmulator(
  options: PubsubEmulatorOptions = {},
): Promise<PubsubEmulator> {
  const { timers = wallTimers, writeRows, pushToken = () => 'emulated' } = options
  const topics = new Map<string, Log>()
  const readers = new Map<string, Reader>()
  const streams = new Set<Stream>()
  let isRefusing = false

  const publish = (topic: string, message: WireMessage): string => {
    const log = found(topics, topic, 'topic')
    const stored = store(message)
    log.messages.push(stored)
    if (log.messages.length > publishedMessagesMax) log.messages.shift()
    for (const { spec, mailbox } of readers.values()) if (spec.topic === topic) mailbox.put(stored)
    return stored.messageId
  }

  const addReader = (spec: WireSubscription): void => {
    const pumps = new Set<Pump>()
    let isPumpDue = false
    const mailbox = openMailbox({
      isOrdered: spec.enableMessageOrdering ?? false,
      ackDeadlineSeconds: spec.ackDeadlineSeconds || 10,
      backoffMs: millisecondsOf(spec.retryPolicy?.minimumBackoff),
      timers,
      onWaiting: () => {
        // Once for a whole batch, and after the change is complete: a pump takes messages itself.
        if (isPumpDue) return
        isPumpDue = true
        queueMicrotask(() => {
          isPumpDue = false
          for (const pump of pumps) pump()
        })
      },
      ...deadLetterOf(spec, (topic, message) => {
        // The platform drops what it may not forward; a missing topic is the same here.
        if (topics.has(topic)) publish(topic, message)
      }),
    })
    readers.set(spec.name, { spec, mailbox, pumps })
    if (spec.pushConfig?.pushEndpoint) pumps.add(pushPump(spec, mailbox, pushToken))
    if (spec.bigqueryConfig?.table && writeRows) pumps.add(rowPump(spec, mailbox, writeRows))
  }

  const publisher: UntypedServiceImplementation = {
    createTopic: unary((topic: WireTopic) => {
      if (topics.has(topic.name)) throw fault(6, `topic ${topic.name} exists`)
      topics.set(topic.name, { messages: [] })
      return topic
    }),
    getTopic: unary(({ topic }: { readonly topic: string }) => {
      found(topics, topic, 'topic')
      return { name: topic }
    }),
    deleteTopic: unary(({ topic }: { readonly topic: string }) => {
      found(topics, topic, 'topic')
      topics.delete(topic)
      return {}
    }),
    listTopics: unary(() => ({ topics: [...topics.keys()].map((name) => ({ name })) })),
    publish: unary(
      ({ topic, messages = [] }: { readonly topic: string; readonly messages?: WireMessage[] }) => {
        if (isRefusing) throw fault(14, 'the platform does not answer')
        found(topics, topic, 'topic')
        return { messageIds: messages.map((message) => publish(topic, message)) }
      },
    ),
  }

  const mailboxOf = (subscription: string) => found(readers, subscription, 'subscription').mailbox
  type Named = { readonly subscription: string }
  type Acked = Named & { readonly ackIds?: readonly string[]; readonly ackDeadlineSeconds?: number }

  const subscriber: UntypedServiceImplementation = {
    createSubscription: unary((spec: WireSubscription) => {
      if (readers.has(spec.name)) throw fault(6, `subscription ${spec.name} exists`)
      found(topics, spec.topic, 'topic')
      addReader(spec)
      return spec
    }),
    getSubscription: unary(
      ({ subscription }: Named) => found(readers, subscription, 'subscription').spec,
    ),
    deleteSubscription: unary(({ subscription }: Named) => {
      mailboxOf(subscription).close()
      readers.delete(subscription)
      return {}
    }),
    listSubscriptions: unary(() => ({
      subscriptions: [...readers.values()].map(({ spec }) => spec),
    })),
    pull: unary(({ subscription, maxMessages }: Named & { readonly maxMessages?: number }) => {
      const { spec, mailbox } = found(readers, subscription, 'subscription')
      return { receivedMessages: mailbox.take(maxMessages ?? 1).map((one) => received(spec, one)) }
    }),
    acknowledge: unary(({ subscription, ackIds = [] }: Acked) => {
      const mailbox = mailboxOf(subscription)
      for (const ackId of ackIds) mailbox.acknowledge(ackId)
      return {}
    }),
    modifyAckDeadline: unary(({ subscription, ackIds = [], ackDeadlineSeconds = 0 }: Acked) => {
      const mailbox = mailboxOf(subscription)
      for (const ackId of ackIds) mailbox.extend(ackId, ackDeadlineSeconds)
      return {}
    }),
    streamingPull: (stream: Stream) => {
      streams.add(stream)
      serveStream(stream, readers, () => streams.delete(stream))
    },
  }

  const server = await serveGrpc(
    { package: '@google-cloud/pubsub-api', files: ['google/pubsub/v1/pubsub.proto'] },
    [
      { name: 'google.pubsub.v1.Publisher', methods: publisher },
      { name: 'google.pubsub.v1.Subscriber', methods: subscriber },
    ],
    options.port,
  )
  const named = (kind: string, name: string) => (key: string) =>
    key === name || key.endsWith(`/${kind}/${name}`)
  return {
    host: server.host,
    published(topic) {
      const key = [...topics.keys()].find(named('topics', topic))
      return key === undefined ? [] : (topics.get(key)?.messages ?? [])
    },
    backlog(subscription) {
      const key = [...readers.keys()].find(named('subscriptions', subscription))
      return key === undefined ? undefined : readers.get(key)?.mailbox.counts()
    },
    breakStreams() {
      const open = [...streams]
      for (const stream of open) stream.emit('error', fault(14, 'the connection was lost'))
      return open.length
    },
    refusePublishing(refuse) {
      isRefusing = refuse
    },
    async close() {
      for (const { mailbox } of readers.values()) mailbox.close()
      await server.close()
    },
  }
}

function serveStream(
  stream: Stream,
  readers: ReadonlyMap<string, Reader>,
  onEnd: () => void,
): void {
  let reader: Reader | undefined
  let deadlineSeconds: number | undefined
  let outstandingMax = streamMessagesMax

  const pump = () => {
    if (reader === undefined || stream.cancelled || stream.destroyed) return
    const { spec, mailbox } = reader
    const lent = mailbox.take(outstandingMax, deadlineSeconds)
    if (lent.length > 0)
      stream.write({ receivedMessages: lent.map((delivery) => received(spec, delivery)) })
  }
  const end = () => {
    reader?.pumps.delete(pump)
    onEnd()
  }

  stream.on('data', (request: StreamingPullRequest) => {
    if (reader === undefined) {
      reader = readers.get(request.subscription ?? '')
      if (reader === undefined) {
        stream.emit('error', fault(5, `no subscription ${request.subscription}`))
        return
      }
      deadlineSeconds = request.streamAckDeadlineSeconds || undefined
      outstandingMax = Number(request.maxOutstandingMessages) || streamMessagesMax
      reader.pumps.add(pump)
      const messageOrderingEnabled = reader.spec.enableMessageOrdering ?? false
      stream.write({ subscriptionProperties: { messageOrderingEnabled } })
      pump()
      return
    }
    for (const ackId of request.ackIds ?? []) reader.mailbox.acknowledge(ackId)
    for (const [index, ackId] of (request.modifyDeadlineAckIds ?? []).entries())
      reader.mailbox.extend(ackId, request.modifyDeadlineSeconds?.[index] ?? 0)
    // The client asks whether we live.
    stream.write({})
  })
  stream.on('end', () => {
    end()
    stream.end()
  })
  stream.on('cancelled', end)
  stream.on('error', end)
}

const received = (
  spec: WireSubscription,
  { ackId, message, attempt }: ReturnType<Mailbox['take']>[number],
) => ({
  ackId,
  message,
  // The platform counts only where a dead-letter policy needs it.
  ...(spec.deadLetterPolicy === undefined ? {} : { deliveryAttempt: attempt }),
})

function store({ data, attributes = {}, orderingKey = '' }: WireMessage): StoredMessage {
  const nowMs = Date.now()
  return {
    messageId: randomUUID(),
    data: Buffer.from(data ?? []),
    attributes,
    orderingKey,
    publishTime: { seconds: Math.floor(nowMs / 1_000), nanos: (nowMs % 1_000) * 1_000_000 },
  }
}

function deadLetterOf(
  { name, deadLetterPolicy }: WireSubscription,
  publish: (topic: string, message: WireMessage) => void,
) {
  const topic = deadLetterPolicy?.deadLetterTopic
  if (!topic) return {}
  return {
    deadLetter: {
      attemptsMax: deadLetterPolicy.maxDeliveryAttempts || 5,
      forward: ({ data, attributes, orderingKey }: StoredMessage, attempts: number) =>
        publish(topic, {
          data,
          orderingKey,
          attributes: {
            ...attributes,
            CloudPubSubDeadLetterSourceSubscription: name.split('/').at(-1) ?? name,
            CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
          },
        }),
    },
  }
}

function found<T>(map: ReadonlyMap<string, T>, name: string, kind: string): T {
  const value = map.get(name)
  if (value === undefined) throw fault(5, `no ${kind} ${name}`)
  return value
}
