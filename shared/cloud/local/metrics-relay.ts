import { BroadcastChannel } from 'node:worker_threads'
import type { MetricName } from '../manifest/metric.ts'
import type { Attributes, Metrics } from '../telemetry/port.ts'

type Operation = 'add' | 'record' | 'set'
type Observation = readonly [Operation, MetricName, number, Attributes | undefined]

const channelName = (run: string): string => `${run}-metrics`
const batchEveryMs = 250

/** Measurements of a thread, sent on to the thread that serves `/metrics`. */
export function relayMetrics(run: string): { readonly metrics: Metrics; close(): void } {
  const channel = new BroadcastChannel(channelName(run))
  channel.unref()
  let waiting: Observation[] = []
  const send = () => {
    if (waiting.length > 0) channel.postMessage(waiting)
    waiting = []
  }
  const timer = setInterval(send, batchEveryMs)
  timer.unref()
  const tell = (operation: Operation) => (name: MetricName, value: number, labels?: Attributes) => {
    waiting.push([operation, name, value, labels])
  }
  return {
    metrics: { add: tell('add'), record: tell('record'), set: tell('set') },
    close() {
      clearInterval(timer)
      send()
      channel.close()
    },
  }
}

/** Takes the measurements of all threads of a run. @returns a function that ends it */
export function receiveMetrics(run: string, metrics: Metrics): () => void {
  const channel = new BroadcastChannel(channelName(run))
  channel.unref()
  channel.onmessage = ({ data: batch }: { readonly data: readonly Observation[] }) => {
    for (const [operation, name, value, labels] of batch) metrics[operation](name, value, labels)
  }
  return () => channel.close()
}
