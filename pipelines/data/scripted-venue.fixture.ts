import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpReply, Runtime } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'

const hour = 3_600_000
/** Fewer than any limit that is asked for. */
const rowsMax = 500

/** A market made of arithmetic, and what was asked of it. */
export type ScriptedVenue = {
  readonly asked: string[]
  /** Answers given before the market's own, first in first out. */
  readonly failures: HttpReply[]
  nowMs: number
  answer(url: string): HttpReply
}

export const listedMs = Date.UTC(2025, 0, 10)

const ok = (body: unknown): HttpReply => ({ status: 200, headers: {}, body: JSON.stringify(body) })

/** Speaks the public part of Binance USD-M and Aster: one symbol, listed on 2025-01-10, hourly candles. */
export function createScriptedVenue(nowMs: number): ScriptedVenue {
  const venue: ScriptedVenue = {
    asked: [],
    failures: [],
    nowMs,
    answer(url) {
      const { pathname, searchParams } = new URL(url)
      const path = pathname.replace(/^\/fapi\/v\d\//, '')
      venue.asked.push(`${path} ${searchParams}`)
      const failure = venue.failures.shift()
      if (failure) return failure
      const limit = Number(searchParams.get('limit'))
      const start = Number(searchParams.get('startTime'))
      const end = Number(searchParams.get('endTime'))
      switch (path) {
        case 'time':
          return ok({ serverTime: venue.nowMs })
        case 'exchangeInfo':
          return ok(exchangeInfo)
        case 'klines':
        case 'markPriceKlines':
          return ok(stepped(start, Math.min(end, venue.nowMs), hour, limit).map(klineAt))
        case 'fundingRate':
          return ok(stepped(start, Math.min(end, venue.nowMs), 8 * hour, limit).map(fundingAt))
        case 'aggTrades':
          return ok(tradesFor(searchParams, venue.nowMs, limit))
        default:
          return { status: 404, headers: {}, body: '{"code":-1,"msg":"no such path"}' }
      }
    },
  }
  return venue
}

const exchangeInfo = {
  rateLimits: [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2400 },
  ],
  symbols: [
    {
      symbol: 'BTCUSDT',
      contractType: 'PERPETUAL',
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.1', maxPrice: '1000000', tickSize: '0.1' },
        { filterType: 'LOT_SIZE', minQty: '0.001', maxQty: '1000', stepSize: '0.001' },
        { filterType: 'MIN_NOTIONAL', notional: '5' },
      ],
    },
  ],
}

function stepped(start: number, end: number, step: number, limit: number): number[] {
  const times: number[] = []
  const first = Math.ceil(Math.max(start, listedMs) / step) * step
  for (let ms = first; ms <= end && times.length < Math.min(limit, rowsMax); ms += step)
    times.push(ms)
  return times
}

/** Rises by 1 an hour. */
export const closeAt = (ms: number): number => 50_000 + (ms - listedMs) / hour

const klineAt = (ms: number) => [
  ms,
  String(closeAt(ms) - 1),
  String(closeAt(ms) + 2),
  String(closeAt(ms) - 3),
  String(closeAt(ms)),
  '12.5',
  ms + hour - 1,
  '625000.5',
  40,
  '6.25',
  '0',
  '0',
]

const fundingAt = (ms: number) => ({
  symbol: 'BTCUSDT',
  fundingTime: ms + 3,
  fundingRate: '0.00010000',
  markPrice: '',
})

/** Three trades at every full minute of the first two hours of 2025-01-11, all of a minute in one millisecond. */
export const tradesStartMs = Date.UTC(2025, 0, 11)
export const tradeCount = 3 * 120
const tradeTime = (id: number) => tradesStartMs + Math.floor(id / 3) * 60_000

function tradesFor(params: URLSearchParams, nowMs: number, limit: number): unknown[] {
  const fromId = params.get('fromId')
  const [start, end] = [Number(params.get('startTime')), Number(params.get('endTime'))]
  const ids = Array.from({ length: tradeCount }, (_, id) => id).filter((id) => {
    const ms = tradeTime(id)
    if (ms > nowMs) return false
    return fromId === null ? ms >= start && ms <= end : id >= Number(fromId)
  })
  return ids.slice(0, Math.min(limit, 50)).map((id) => ({
    a: id,
    p: '50000.10',
    q: '0.010',
    f: 2 * id,
    l: 2 * id + 1,
    T: tradeTime(id),
    m: id % 2 === 0,
  }))
}

/** The venue without a network, on a clock that only waiting moves. */
export function scriptedRuntime(
  venue: ScriptedVenue,
): Runtime & { readonly waitedUs: () => number } {
  const startUs = venue.nowMs * 1_000
  let waitedUs = 0
  return {
    clock: { nowUs: () => (startUs + waitedUs) as Micros },
    timers: {
      after: (delayUs, task) => {
        waitedUs += delayUs
        queueMicrotask(task)
        return () => undefined
      },
    },
    http: async ({ url }) => venue.answer(url),
    openSocket: () => {
      throw new Error('history needs no socket')
    },
    waitedUs: () => waitedUs,
  }
}

/** The venue on a port of this machine. */
export async function serveVenue(
  venue: ScriptedVenue,
  onAnswer: () => void = () => undefined,
): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    const { status, headers, body } = venue.answer(`http://venue${request.url}`)
    response.writeHead(status, { ...headers })
    response.end(body)
    onAnswer()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}
