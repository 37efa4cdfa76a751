import {
  type Message as Delivered,
  Duration,
  type PubSub,
  type Subscription,
} from '@google-cloud/pubsub'
import { TradingError } from '#shared/kernel/error.ts'
import type { Message } from '../port.ts'
import { inTrace, traceOf } from '../telemetry/trace-scope.ts'
import { decodeMessage } from './bus-row.ts'
import { platformFault } from './fault.ts'

/** One that returns a promise has taken the message when that resolves. */
export type Receive = (message: Message) => unknown

export type StreamOptions = {
  readonly pubsub: PubSub
  readonly topic: string
  readonly subscription: string
  readonly receivers: ReadonlySet<Receive>
  readonly onFault: (fault: TradingError) => void
  /** A stream that the platform refused is asked for again after this long. */
  readonly reopenDelayMs: number
}

/** What a service may hold without having answered. */
const unansweredMessagesMax = 1_000

/**
 * Hands the messages of a subscription to its receivers.
 *
 * A message is acknowledged once every receiver has taken it. When one throws, the message cannot be read, or nobody
 * listens any more, it is given back and comes again, at last to the dead letters.
 *
 * @returns closes the stream; resolves when what was received is acknowledged
 */
export function openStream(options: StreamOptions): () => Promise<void> {
  const { pubsub, subscription, onFault, reopenDelayMs } = options
  let current: Subscription | undefined
  let timer: NodeJS.Timeout | undefined
  let isOpen = true

  const open = () => {
    const stream = pubsub.subscription(subscription, {
      // One stream: several would race, and messages of one sender would lose their order.
      streamingOptions: { maxStreams: 1 },
      flowControl: { maxMessages: unansweredMessagesMax },
      batching: { maxMilliseconds: 10 },
      // Otherwise messages that are acknowledged right now would be given back as well.
      closeOptions: { behavior: 'WAIT', timeout: Duration.from({ seconds: 8 }) },
    })
    current = stream
    stream.on('message', (delivered: Delivered) => void deliver(options, delivered))
    stream.on('error', (cause: Error) => {
      onFault(platformFault(cause, `subscription ${subscription}`))
      stream.removeAllListeners('message')
      if (!isOpen || current !== stream) return
      current = undefined
      timer = setTimeout(open, reopenDelayMs)
    })
  }
  open()

  return async () => {
    isOpen = false
    clearTimeout(timer)
    await current?.close()
  }
}

async function deliver(
  { topic, receivers, onFault }: StreamOptions,
  delivered: Delivered,
): Promise<void> {
  // Between the end of the last subscription and the close of the stream: for whoever reads next.
  if (receivers.size === 0) return delivered.nack()
  try {
    const message = decodeMessage(topic, delivered.data)
    await inTrace(
      traceOf((name) => delivered.attributes[name]),
      () => Promise.all([...receivers].map((receive) => receive(structuredClone(message)))),
    )
  } catch (cause) {
    delivered.nack()
    onFault(
      new TradingError(
        cause instanceof TradingError ? cause.code : 'STATE_CORRUPT',
        `message ${delivered.id} of topic '${topic}' was not taken and comes again: ${(cause as Error).message}`,
        { topic, messageId: delivered.id, attempt: delivered.deliveryAttempt },
        cause,
      ),
    )
    return
  }
  delivered.ack()
}
