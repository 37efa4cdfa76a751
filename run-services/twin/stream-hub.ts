import { TradingError } from '#shared/kernel/error.ts'

/** One socket of a client, as the protocol layer sees it. */
export type StreamClient = {
  readonly streams: Set<string>
  /** Whether payloads are wrapped as `{stream, data}`. */
  isCombined: boolean
  readonly send: (text: string) => void
  readonly close: (code: number, reason: string) => void
  /** Start and count of the second in which inbound messages are counted. */
  windowUs: number
  inbound: number
}

/** Who listens to what. */
export type StreamHub = {
  open(
    streams: readonly string[],
    isCombined: boolean,
    io: Pick<StreamClient, 'send' | 'close'>,
  ): StreamClient
  receive(client: StreamClient, text: string, nowUs: number): void
  end(client: StreamClient): void
  has(stream: string): boolean
  /** Number of sockets that listen to anything. */
  readonly clientCount: number
  publish(stream: string, payload: unknown): void
}

const streamsMax = 200
const inboundPerSecondMax = 10
const secondUs = 1_000_000
const policyViolation = 1_008

/** @param onListened - a stream got its first listener (true) or lost its last one (false) */
export function createStreamHub(
  onListened: (stream: string, isListened: boolean) => void,
): StreamHub {
  const listeners = new Map<string, Set<StreamClient>>()
  const clients = new Set<StreamClient>()

  const subscribe = (client: StreamClient, stream: string) => {
    client.streams.add(stream)
    const known = listeners.get(stream)
    if (known) {
      known.add(client)
      return
    }
    listeners.set(stream, new Set([client]))
    onListened(stream, true)
  }
  const unsubscribe = (client: StreamClient, stream: string) => {
    client.streams.delete(stream)
    const known = listeners.get(stream)
    known?.delete(client)
    if (known?.size !== 0) return
    listeners.delete(stream)
    onListened(stream, false)
  }

  return {
    get clientCount() {
      return clients.size
    },
    has: (stream) => listeners.has(stream),
    open: (streams, isCombined, io) => {
      const client = { streams: new Set<string>(), isCombined, ...io, windowUs: 0, inbound: 0 }
      clients.add(client)
      for (const stream of streams.slice(0, streamsMax)) subscribe(client, stream)
      return client
    },
    end: (client) => {
      for (const stream of [...client.streams]) unsubscribe(client, stream)
      clients.delete(client)
    },
    publish: (stream, payload) => {
      const known = listeners.get(stream)
      if (!known) return
      const text = JSON.stringify(payload)
      for (const client of known)
        client.send(client.isCombined ? `{"stream":"${stream}","data":${text}}` : text)
    },
    receive: (client, text, nowUs) => {
      if (isTooFast(client, nowUs)) {
        client.close(policyViolation, 'Too many requests')
        return
      }
      client.send(JSON.stringify(answer(client, text)))
    },
  }

  function answer(client: StreamClient, text: string): unknown {
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch (error) {
      return { code: 3, msg: `Invalid JSON: ${error instanceof Error ? error.message : text}` }
    }
    try {
      const { method, params, id } = readFrame(frame)
      return { result: carryOut(client, method, params), id }
    } catch (error) {
      if (!(error instanceof TradingError)) throw error
      return { code: error.details.code, msg: error.message }
    }
  }

  function carryOut(client: StreamClient, method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case 'SUBSCRIBE':
        if (client.streams.size + params.length > streamsMax)
          throw frameRefusal(2, `Invalid request: more than ${streamsMax} streams`)
        for (const stream of streamNames(params)) subscribe(client, stream)
        return null
      case 'UNSUBSCRIBE':
        for (const stream of streamNames(params)) unsubscribe(client, stream)
        return null
      case 'LIST_SUBSCRIPTIONS':
        return [...client.streams]
      case 'SET_PROPERTY':
        client.isCombined = readCombined(params)
        return null
      case 'GET_PROPERTY':
        if (params[0] !== 'combined') throw frameRefusal(0, 'Unknown property')
        return client.isCombined
      default:
        throw frameRefusal(2, 'Invalid request: unknown method')
    }
  }
}

const frameRefusal = (code: number, message: string): TradingError =>
  new TradingError('VENUE_REFUSED', message, { code })

function readFrame(frame: unknown): { method: string; params: readonly unknown[]; id: number } {
  if (typeof frame !== 'object' || frame === null || !('method' in frame))
    throw frameRefusal(2, 'Invalid request: missing method')
  const id = 'id' in frame ? frame.id : undefined
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0)
    throw frameRefusal(2, 'Invalid request: id must be an unsigned integer')
  const params = 'params' in frame ? frame.params : []
  if (!Array.isArray(params)) throw frameRefusal(2, 'Invalid request: params must be a list')
  return { method: String(frame.method), params, id }
}

function streamNames(params: readonly unknown[]): readonly string[] {
  return params.map((name) => {
    if (typeof name !== 'string') throw frameRefusal(2, 'Invalid request: stream must be a string')
    return name
  })
}

function readCombined([name, value]: readonly unknown[]): boolean {
  if (name !== 'combined') throw frameRefusal(0, 'Unknown property')
  if (typeof value !== 'boolean') throw frameRefusal(1, 'Invalid value type: expected Boolean')
  return value
}

function isTooFast(client: StreamClient, nowUs: number): boolean {
  if (nowUs - client.windowUs >= secondUs) {
    client.windowUs = nowUs
    client.inbound = 0
  }
  client.inbound++
  return client.inbound > inboundPerSecondMax
}
