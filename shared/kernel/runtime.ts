import type { Micros } from './unit.ts'

/**
 * Everything a long-lived process takes from the outside world. The executor and the venue client receive one
 * of these and use nothing else, so a virtual one can run them on a simulated clock and an in-memory network.
 */
export type Runtime = {
  readonly clock: Clock
  readonly timers: Timers
  readonly http: Http
  readonly openSocket: OpenSocket
}

/** Wall time. Never goes backwards within one process. */
export type Clock = { nowUs(): Micros }

export type Timers = {
  /** Runs `task` once, `delayUs` from now. Calling the result before then prevents it. */
  after(delayUs: number, task: () => void): () => void
}

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Absolute, query included. Sent byte for byte as given. */
  readonly url: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutUs: number
  /** A longer body is given up as it arrives, for servers that are not trusted; left out, any length is read. */
  readonly replyBytesMax?: number
}

export type HttpReply = {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends one request and never retries it.
 *
 * @throws TradingError VENUE_UNREACHABLE when no reply came (refused, reset, timed out): for a write, the outcome is unknown
 */
export type Http = (request: HttpRequest) => Promise<HttpReply>

export type SocketListener = {
  onOpen(): void
  /** One text frame, as the bytes that arrived; valid only during the call. */
  onMessage(bytes: Uint8Array): void
  /** Called exactly once, also when opening failed. */
  onClose(reason: string): void
}

export type Socket = { send(text: string): void; close(): void }

export type OpenSocket = (url: string, listener: SocketListener) => Socket
