import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import WebSocket from 'ws'
import { TradingError } from '#shared/kernel/error.ts'
import type {
  Clock,
  Http,
  HttpReply,
  OpenSocket,
  Runtime,
  SocketListener,
  Timers,
} from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'

/** The real world on Node. `close` ends the kept-alive connections so that the process can end. */
export type LocalRuntime = Runtime & { close(): void }

export type LocalRuntimeOptions = {
  /** A socket that has not opened by then has failed. */
  readonly handshakeTimeoutMs?: number
  /** How often a quiet peer is asked for a sign of life; two rounds without one end the socket. */
  readonly pingEveryMs?: number
}

/** Clock, timers, HTTP and sockets of this machine. HTTP sends once and never again: what may be repeated, its callers know. */
export function createLocalRuntime(options: LocalRuntimeOptions = {}): LocalRuntime {
  const { handshakeTimeoutMs = 10_000, pingEveryMs = 15_000 } = options
  // One socket at a time would put a cancel behind a slow read; keeping them spares the handshake.
  const agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  }
  const clock = createWallClock()
  return {
    clock,
    timers: nodeTimers,
    http: createHttp(agents),
    openSocket: createOpenSocket(handshakeTimeoutMs, pingEveryMs),
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** Wall time read once, then carried by the monotonic clock: a corrected system clock never turns it back. */
export function createWallClock(): Clock {
  const anchorUs = performance.timeOrigin * microsPerMilli
  return { nowUs: () => Math.floor(anchorUs + performance.now() * microsPerMilli) as Micros }
}

const timeoutMsMax = 2 ** 31 - 1

const nodeTimers: Timers = {
  after: (delayUs, task) => {
    let leftMs = Math.max(0, delayUs / microsPerMilli)
    let timer: NodeJS.Timeout
    // Node turns longer delays into none at all.
    const wait = () => {
      const stepMs = Math.min(leftMs, timeoutMsMax)
      leftMs -= stepMs
      timer = setTimeout(leftMs > 0 ? wait : task, stepMs)
    }
    wait()
    return () => clearTimeout(timer)
  },
}

type Agents = { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent }

const createHttp =
  (agents: Agents): Http =>
  ({ method, url, body, headers, timeoutUs, replyBytesMax = Number.POSITIVE_INFINITY }) =>
    new Promise<HttpReply>((resolve, reject) => {
      const { protocol, host } = new URL(url)
      const isPlain = protocol === 'http:'
      const send = isPlain ? httpRequest : httpsRequest
      const agent = isPlain ? agents['http:'] : agents['https:']
      const fail = (reason: string, cause?: unknown) =>
        reject(new TradingError('VENUE_UNREACHABLE', `${host}: ${reason}`, {}, cause))
      // Node sends no length for an empty body, and some gateways refuse a POST without one.
      const length =
        body === undefined && (method === 'GET' || method === 'DELETE')
          ? {}
          : { 'content-length': String(Buffer.byteLength(body ?? '')) }
      const outgoing = send(
        url,
        { method, agent, headers: { ...headers, ...length } },
        (incoming) =>
          readReply(incoming, replyBytesMax).then(resolve, (error: Error) =>
            fail(error.message, error),
          ),
      )
      const timer = setTimeout(() => {
        fail(`no reply within ${timeoutUs / microsPerMilli} ms`)
        outgoing.destroy()
      }, timeoutUs / microsPerMilli)
      outgoing.on('error', (error) => fail(faultText(error), error))
      outgoing.on('close', () => clearTimeout(timer))
      outgoing.end(body)
    })

/** What Node says of a name or a way that is not there, e.g. on a machine without a network. */
const offlineCodes: readonly unknown[] = ['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']

/** One line; where the network itself may be missing, it asks for that. */
function faultText(error: NodeJS.ErrnoException): string {
  const text = error.message || error.name
  return offlineCodes.includes(error.code) ? `${text} (is this machine on a network?)` : text
}

async function readReply(incoming: IncomingMessage, bytesMax: number): Promise<HttpReply> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).byteLength
    // Leaving the loop ends the connection too.
    if (bytes > bytesMax) throw new Error(`the reply is longer than ${bytesMax} bytes`)
    chunks.push(chunk as Buffer)
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return {
    status: incoming.statusCode ?? 0,
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

const createOpenSocket =
  (handshakeTimeoutMs: number, pingEveryMs: number): OpenSocket =>
  (url, listener) => {
    // Compression costs more time per frame than it saves; pongs to the venue's pings are the library's default.
    const socket = new WebSocket(url, {
      handshakeTimeout: handshakeTimeoutMs,
      perMessageDeflate: false,
      autoPong: true,
    })
    const stopWatch = watchLife(socket, pingEveryMs)
    listen(socket, listener, stopWatch)
    return {
      send: (text) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text)
      },
      close: () => {
        if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
        else socket.close()
      },
    }
  }

function listen(socket: WebSocket, listener: SocketListener, stopWatch: () => void): void {
  let failure = ''
  socket.on('open', () => listener.onOpen())
  socket.on('message', (bytes: Buffer) => listener.onMessage(bytes))
  socket.on('error', (error) => {
    failure = faultText(error)
  })
  // The library closes after every error, so this is the one place where an end is told.
  socket.on('close', (code, reason) => {
    stopWatch()
    listener.onClose(failure || `closed with ${code} ${reason.toString()}`.trimEnd())
  })
}

/** A peer that vanished without a goodbye is noticed by its missing pongs. */
function watchLife(socket: WebSocket, pingEveryMs: number): () => void {
  let quietRounds = 0
  const alive = () => {
    quietRounds = 0
  }
  for (const sign of ['message', 'ping', 'pong', 'open'] as const) socket.on(sign, alive)
  const timer = setInterval(() => {
    if (quietRounds++ >= 2) socket.terminate()
    else if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, pingEveryMs)
  return () => clearInterval(timer)
}
