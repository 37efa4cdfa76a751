import { applyMessage, type ConsoleMessage, type ConsoleState, emptyState } from '../state.ts'
import { refusalText } from './operator.ts'

export type Feed = {
  /** Replaced as a whole when the connection starts anew. */
  state: ConsoleState
  /** Grows when `state` is replaced. */
  generation: number
  /** Why the console gives this page no stream; undefined while it does. */
  refusal: string | undefined
  /** Milliseconds since the last message arrived; undefined before the first. */
  silentMs(): number | undefined
  /** The same for the executor alone, which reports once a second. */
  executorSilentMs(): number | undefined
  /** The publishers' clock now, in µs: their last time stamp plus what has passed since. */
  nowUs(): number | undefined
}

const askAgainMs = 5_000

/**
 * Follows the event stream; the browser reconnects by itself and the server then sends a whole state. After a refusal it
 * does not, so that is done here.
 */
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
    refusal: undefined,
    silentMs: () => since(arrivedMs),
    executorSilentMs: () => since(executorArrivedMs),
    nowUs: () =>
      arrivedMs === undefined || stampUs === undefined
        ? undefined
        : stampUs + (performance.now() - arrivedMs) * 1e3,
  }
  const onState = (event: MessageEvent<string>) => {
    feed.refusal = undefined
    feed.state = JSON.parse(event.data) as ConsoleState
    feed.generation++
    onChange('state')
  }
  const onMessage = (event: MessageEvent<string>) => {
    const change = JSON.parse(event.data) as ConsoleMessage
    applyMessage(feed.state, change)
    const atUs = change.topic === 'market' ? change.message.at : undefined
    // The console's own look-ups are no sign of life of the system.
    if (change.topic !== 'funding-intervals' && change.topic !== 'model')
      arrivedMs = performance.now()
    if (change.topic === 'equity') executorArrivedMs = performance.now()
    if (atUs !== undefined) stampUs = atUs
    onChange(change.topic)
  }
  const connect = () => {
    const source = new EventSource(url)
    source.addEventListener('state', onState)
    source.addEventListener('change', onMessage)
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED) return
      setTimeout(connect, askAgainMs)
      readRefusal(url).then(
        (text) => {
          feed.refusal = text
        },
        // Nobody answers: the time since the last message says so.
        () => undefined,
      )
    })
  }
  connect()
  return feed
}

/** An event source does not tell why it was refused, so the same is asked once more. */
async function readRefusal(url: string): Promise<string | undefined> {
  const abort = new AbortController()
  const reply = await fetch(url, { signal: abort.signal })
  if (!reply.ok) return refusalText(reply)
  abort.abort()
  return undefined
}
