import { BroadcastChannel } from 'node:worker_threads'
import { TradingError } from '#shared/kernel/error.ts'
import type { Bus, Message } from '../port.ts'

type Envelope = { readonly topic: string; readonly message: Message }
type Receive = (message: Message) => void

/**
 * Bus between the threads of one process. All topics share one channel, so messages of one sender keep their
 * order across topics too. Whoever publishes also hears itself.
 *
 * Subscribers get a copy of their own, after `publish` has returned. An open bus keeps its thread alive: close it.
 *
 * @param name - threads meet when they use the same name
 */
export function openBus(name = 'asterai'): Bus {
  const channel = new BroadcastChannel(name)
  const subscribers = new Map<string, Set<Receive>>()
  let isOpen = true

  channel.onmessage = ({ data: { topic, message } }: { readonly data: Envelope }) => {
    deliver(subscribers.get(topic), message)
  }

  return {
    publish(topic, message) {
      if (!isOpen)
        throw new TradingError('STATE_CORRUPT', `message for '${topic}' after the bus was closed`)
      post(channel, { topic, message })
      if (!subscribers.has(topic)) return
      // A channel does not deliver to its own sender.
      const copy = structuredClone(message)
      queueMicrotask(() => isOpen && deliver(subscribers.get(topic), copy))
    },
    subscribe(topic, receive) {
      const receivers = subscribers.get(topic) ?? new Set()
      // Wrapped, so that the same function may subscribe twice.
      const own: Receive = (message) => receive(message)
      subscribers.set(topic, receivers.add(own))
      return () => {
        receivers.delete(own)
        if (receivers.size === 0 && subscribers.get(topic) === receivers) subscribers.delete(topic)
      }
    },
    // A posted message is already with the platform.
    flush: async () => {},
    close() {
      isOpen = false
      subscribers.clear()
      channel.close()
    },
  }
}

function post(channel: BroadcastChannel, envelope: Envelope): void {
  try {
    channel.postMessage(envelope)
  } catch (cause) {
    throw new TradingError(
      'STATE_CORRUPT',
      `message for '${envelope.topic}' is not plain data: ${(cause as Error).message}`,
      {},
      cause,
    )
  }
}

function deliver(receivers: ReadonlySet<Receive> | undefined, message: Message): void {
  if (receivers === undefined) return
  for (const receive of [...receivers]) {
    try {
      receive(message)
    } catch (error) {
      // The others still get the message; the thread hears of the fault as an uncaught error.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
