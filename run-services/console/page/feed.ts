import { applyMessage, type ConsoleMessage, type ConsoleState, emptyState } from '../state.ts'

export type Feed = {
  /** Replaced as a whole when the connection starts anew. */
  state: ConsoleState
  /** Grows when `state` is replaced. */
  generation: number
  /** Milliseconds since the last message arrived; undefined before the first. */
  silentMs(): number | undefined
  /** The same for the executor alone, which reports once a second. */
  executorSilentMs(): number | undefined
  /** The publishers' clock now, in µs: their last time stamp plus what has passed since. */
  nowUs(): number | undefined
}

/** Follows the event stream; the browser reconnects by itself and the server then sends a whole state. */
export function followStream(
  url: string,
  onChange: (topic: ConsoleMessage['topic'] | 'state') => void,
): Feed {
  let arrivedMs: number | undefined
  let executorArrivedMs: number | undefined
  let stampUs: number | undefined
  const since = (ms: number | undefined) => (ms === undefined ? undefined : performance.now() - ms)
  const feed: Feed = {
    state: emptyState(),
    generation: 0,
    silentMs: () => since(arrivedMs),
    executorSilentMs: () => since(executorArrivedMs),
    nowUs: () =>
      arrivedMs === undefined || stampUs === undefined
        ? undefined
        : stampUs + (performance.now() - arrivedMs) * 1e3,
  }
  const source = new EventSource(url)
  source.addEventListener('state', (event) => {
    feed.state = JSON.parse(event.data) as ConsoleState
    feed.generation++
    onChange('state')
  })
  source.addEventListener('change', (event) => {
    const change = JSON.parse(event.data) as ConsoleMessage
    applyMessage(feed.state, change)
    const atUs = change.topic === 'market' ? change.message.at : undefined
    // The console's own look-ups are no sign of life of the system.
    if (change.topic !== 'funding-intervals' && change.topic !== 'model')
      arrivedMs = performance.now()
    if (change.topic === 'equity') executorArrivedMs = performance.now()
    if (atUs !== undefined) stampUs = atUs
    onChange(change.topic)
  })
  return feed
}
