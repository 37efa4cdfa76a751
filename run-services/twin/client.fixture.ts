import { hexToBytes } from '@noble/hashes/utils.js'
import type { Micros } from '#shared/kernel/unit.ts'
import { createTwin, type Twin, type TwinOptions } from './app.ts'
import { type DemoAccount, demoAccounts, demoOptions } from './demo.ts'
import { signRequest } from './signature.ts'

export const startUs = 1_790_000_000_000_000 as Micros
export const seed = 7

export type Answer = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: unknown
}

/** A twin on a clock that only tests move, and two clients that sign as it wants. */
export type Bench = {
  readonly twin: Twin
  /** Everything that left the twin, in order: to prove that two runs are the same. */
  readonly log: string[]
  nowUs(): Micros
  /** Moves the clock, and the twin with it. */
  pass(deltaUs: number): void
  open(path: string): Answer
  perp: Client
  hedge: Client
  /** Opens a stream; frames are collected as parsed JSON. */
  listen(path: string): { frames: unknown[]; receive(text: string): void; closed(): void }
}

export type Client = {
  send(method: string, path: string, params?: Record<string, string | number>): Answer
  /** Sends a text that was signed elsewhere, in the query. */
  raw(method: string, path: string, text: string): Answer
  sign(text: string, chainId?: number): string
  nextNonceUs(): number
}

export function createBench(
  options: Partial<TwinOptions> & { symbols?: readonly string[] } = {},
): Bench {
  let timeUs = startUs
  const clock = { nowUs: () => timeUs }
  const { symbols = ['BTCUSDT', 'BTCSPOT'], ...rest } = options
  const twin = createTwin({ ...demoOptions({ seed, clock, symbols }), ...rest })
  const log: string[] = []

  const request = (method: string, path: string, body = ''): Answer => {
    const reply = twin.handleHttp({ method, path, body, headers: {}, ip: '127.0.0.1' })
    log.push(JSON.stringify(reply))
    if (reply === 'drop') return { status: 0, headers: {}, body: undefined }
    return { status: reply.status, headers: reply.headers, body: JSON.parse(reply.body) as unknown }
  }

  const clientOf = (account: DemoAccount): Client => {
    const key = hexToBytes(account.privateKey.slice(2))
    let lastNonceUs = 0
    const client: Client = {
      nextNonceUs: () => {
        lastNonceUs = Math.max(timeUs, lastNonceUs + 1)
        return lastNonceUs
      },
      sign: (text, chainId = 1_666) => `${text}&signature=${signRequest(key, chainId, text)}`,
      raw: (method, path, text) => request(method, `/fapi/v3${path}?${text}`),
      send: (method, path, params = {}) => {
        const pairs = Object.entries(params).map(([name, value]) => [name, String(value)])
        const text = new URLSearchParams([
          ...pairs,
          ['nonce', String(client.nextNonceUs())],
          ['signer', account.signer],
        ] as [string, string][]).toString()
        const signed = client.sign(text)
        if (method === 'GET') return request(method, `/fapi/v3${path}?${signed}`)
        return request(method, `/fapi/v3${path}`, signed)
      },
    }
    return client
  }

  const accounts = demoAccounts(seed)
  return {
    twin,
    log,
    nowUs: () => timeUs,
    pass: (deltaUs) => {
      timeUs = (timeUs + deltaUs) as Micros
      twin.advance(timeUs)
    },
    open: (path) => request('GET', `/fapi/v3${path}`),
    perp: clientOf(accounts.perp),
    hedge: clientOf(accounts.hedge),
    listen: (path) => {
      const frames: unknown[] = []
      const stream = twin.openStream(
        path,
        (text) => {
          log.push(text)
          frames.push(JSON.parse(text))
        },
        (code, reason) => frames.push({ closed: code, reason }),
      )
      return { frames, ...stream }
    },
  }
}
