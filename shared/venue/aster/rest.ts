import { TradingError } from '#shared/kernel/error.ts'
import type { HttpReply, HttpRequest, Runtime } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { RateBudget } from './budget.ts'
import type { Params } from './codec/order.ts'
import { parseWire } from './codec/wire.ts'
import { type Endpoint, endpoints } from './endpoint.ts'
import { classifyFailure } from './failure.ts'
import type { NonceSource } from './nonce.ts'
import type { Signer } from './sign.ts'

/** What became of one write. */
export type WriteOutcome =
  | { readonly outcome: 'done'; readonly body: unknown }
  /** It did not happen. `code` is the venue's, or 0 when the request never left. */
  | { readonly outcome: 'refused'; readonly code: number; readonly reason: string }
  /** It may or may not have happened. */
  | { readonly outcome: 'unknown'; readonly reason: string }

export type Rest = {
  /**
   * Reads, and asks again a bounded number of times when the venue says "later" or nothing at all.
   *
   * @throws TradingError VENUE_UNREACHABLE, VENUE_RATE_LIMITED, VENUE_REFUSED (`details.code`), VENUE_BANNED, VENUE_UNAUTHORISED
   */
  read(endpoint: Endpoint, params: Params): Promise<unknown>
  /** Sends a write exactly once. Never throws for what the venue or the network does. */
  write(endpoint: Endpoint, params: Params, nonce?: number): Promise<WriteOutcome>
  /** A nonce that no other request will carry; for writes whose nonce must be remembered. */
  nextNonce(): number
  /** The venue's clock as far as it is known; never ahead of it. */
  venueTimeUs(): Micros
  /** Measures the venue's clock. @throws as `read` */
  syncClock(): Promise<void>
  /** Resolves after `delayUs`. */
  pause(delayUs: number): Promise<void>
}

export type RestOptions = {
  readonly runtime: Runtime
  /** Scheme and host, no path: `https://fapi.asterdex.com`. */
  readonly restUrl: string
  readonly budget: RateBudget
  readonly nonces: NonceSource
  /** Absent for public data only. */
  readonly signer?: Signer
  /** Told about faults that a person must look at; see `remedyByCode`. */
  readonly onFault: (error: TradingError) => void
}

const readAttemptsMax = 4
const readBackoffUs = 500 * microsPerMilli
const timeoutUs = 10 * microsPerSecond
/** When 429 does not say how long; a ban follows those who do not wait. */
const retryAfterDefaultUs = 30 * microsPerSecond

type Answer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | {
      readonly kind: 'failed'
      readonly status: number
      readonly code: number
      readonly reason: string
    }
  | { readonly kind: 'none'; readonly reason: string }

/** Signed and public calls: budget first, then one request per attempt, then what the answer means. */
export function createRest(options: RestOptions): Rest {
  const { runtime, restUrl, budget, nonces, signer, onFault } = options
  let banned: TradingError | undefined

  const pause = (delayUs: number) =>
    new Promise<void>((resolve) => {
      runtime.timers.after(delayUs, resolve)
    })

  async function exchange(request: HttpRequest): Promise<Answer> {
    let reply: HttpReply
    try {
      reply = await runtime.http(request)
    } catch (error) {
      if (error instanceof TradingError && error.code === 'VENUE_UNREACHABLE')
        return { kind: 'none', reason: error.message }
      throw error
    }
    budget.observe(reply.headers)
    if (reply.status === 429) budget.pause(retryAfterUs(reply.headers))
    if (reply.status === 418 || reply.status === 403) ban(reply.status, request.url)
    return readAnswer(reply)
  }

  function ban(status: number, url: string): void {
    if (banned) return
    const what = status === 418 ? 'banned this address' : 'refuses this address at its firewall'
    banned = new TradingError(
      'VENUE_BANNED',
      `${new URL(url).host} ${what} (HTTP ${status}); nothing more is sent until an operator restarts`,
    )
    onFault(banned)
  }

  function build(endpoint: Endpoint, params: Params, nonce: number | undefined): HttpRequest {
    const text = endpoint.isSigned ? signedText(params, nonce) : encodeParams(params)
    const inBody = endpoint.method === 'POST' || endpoint.method === 'PUT'
    const url = `${restUrl}${endpoint.path}`
    if (!inBody)
      return { method: endpoint.method, url: text ? `${url}?${text}` : url, headers: {}, timeoutUs }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return { method: endpoint.method, url, body: text, headers, timeoutUs }
  }

  function signedText(params: Params, nonce = nonces.next()): string {
    if (!signer)
      throw new TradingError(
        'CONFIG_INVALID',
        'this client has no signing key: it can only read public data',
      )
    const text = encodeParams([...params, ['nonce', String(nonce)], ['signer', signer.address]])
    return `${text}&signature=${signer.sign(text)}`
  }

  async function read(endpoint: Endpoint, params: Params): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      await budgetFor(endpoint)
      const answer = await exchange(build(endpoint, params, undefined))
      if (answer.kind === 'ok') return answer.body
      if (banned) throw banned
      const error = readFailure(endpoint, answer)
      if (error.remedy !== 'retry-later' || attempt === readAttemptsMax) throw error
      await pause(readBackoffUs * 2 ** (attempt - 1))
      if (answer.kind === 'failed' && staleNonceCodes.has(answer.code)) await syncClock()
    }
  }

  /** Waits until the budget has been spent on this call. */
  async function budgetFor(endpoint: Endpoint): Promise<void> {
    for (;;) {
      if (banned) throw banned
      const waitUs = budget.take(endpoint.lane, endpoint)
      if (waitUs === 0) return
      await pause(waitUs)
    }
  }

  function readFailure(endpoint: Endpoint, answer: Exclude<Answer, { kind: 'ok' }>): TradingError {
    const where = `${endpoint.method} ${endpoint.path}`
    if (answer.kind === 'none')
      return new TradingError('VENUE_UNREACHABLE', `${where}: ${answer.reason}`)
    const { status, code, reason } = answer
    const details = { status, code }
    const message = `${where}: venue answered ${status} ${code} '${reason}'`
    if (status === 429) return new TradingError('VENUE_RATE_LIMITED', message, details)
    switch (classifyFailure(status, code, 'read')) {
      case 'retry':
      case 'unknown':
        return new TradingError('VENUE_UNREACHABLE', message, details)
      case 'fatal':
        return new TradingError('VENUE_UNAUTHORISED', message, details)
      default:
        return new TradingError('VENUE_REFUSED', message, details)
    }
  }

  async function write(endpoint: Endpoint, params: Params, nonce?: number): Promise<WriteOutcome> {
    if (endpoint.isSigned && !signer) return unsent('this client has no signing key')
    // An order that waits for budget would be placed into a market that has moved on.
    if (endpoint.lane === 'place') {
      const waitUs = banned ? 0 : budget.take('place', endpoint)
      if (waitUs > 0) return unsent(`rate budget is spent for ${Math.ceil(waitUs / 1_000)} ms`)
    } else if (!banned) {
      await budgetFor(endpoint).catch(() => undefined)
    }
    if (banned) return unsent(banned.message)
    const answer = await exchange(build(endpoint, params, nonce))
    if (answer.kind === 'ok') return { outcome: 'done', body: answer.body }
    if (answer.kind === 'none') return { outcome: 'unknown', reason: answer.reason }
    return writeFailure(endpoint, answer)
  }

  function writeFailure(
    endpoint: Endpoint,
    { status, code, reason }: Extract<Answer, { kind: 'failed' }>,
  ): WriteOutcome {
    const stated = `${status} ${code} ${reason}`
    switch (classifyFailure(status, code, 'write')) {
      case 'unknown':
        return { outcome: 'unknown', reason: stated }
      case 'done':
        return { outcome: 'done', body: { code, msg: reason } }
      case 'fatal':
        if (!banned)
          onFault(
            new TradingError(
              'VENUE_UNAUTHORISED',
              `${endpoint.method} ${endpoint.path}: venue answered ${stated}; check key, agent rights and account state`,
              { status, code },
            ),
          )
        return { outcome: 'refused', code, reason: stated }
      default:
        if (staleNonceCodes.has(code)) syncClock().catch(onReadFault)
        return { outcome: 'refused', code, reason: stated }
    }
  }

  function onReadFault(error: unknown): void {
    if (!(error instanceof TradingError)) throw error
    onFault(error)
  }

  async function syncClock(): Promise<void> {
    const body = await read(endpoints.time, [])
    const { serverTime } = (body ?? {}) as { serverTime?: unknown }
    if (typeof serverTime !== 'number')
      throw new TradingError('WIRE_SHAPE_UNKNOWN', "time: field 'serverTime' is missing")
    nonces.observeServerTime(serverTime, runtime.clock.nowUs())
  }

  return {
    read,
    write,
    nextNonce: () => nonces.next(),
    venueTimeUs: () => (runtime.clock.nowUs() + nonces.serverOffsetUs) as Micros,
    syncClock,
    pause,
  }
}

/** Form encoding, byte for byte what is signed and sent. */
export const encodeParams = (params: Params): string =>
  params.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')

const unsent = (reason: string): WriteOutcome => ({ outcome: 'refused', code: 0, reason })

/** The venue refused the nonce: our idea of its clock is wrong. */
const staleNonceCodes: ReadonlySet<number> = new Set([-1021, -4225])

function retryAfterUs(headers: Readonly<Record<string, string>>): number {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * microsPerSecond : retryAfterDefaultUs
}

function readAnswer({ status, body }: HttpReply): Answer {
  let parsed: unknown
  try {
    parsed = parseWire(body)
  } catch (error) {
    // A reply that cannot be read proves nothing about what the venue did.
    if (status >= 200 && status < 300) return { kind: 'none', reason: (error as Error).message }
    return { kind: 'failed', status, code: 0, reason: body.slice(0, 80) }
  }
  if (status >= 200 && status < 300) return { kind: 'ok', body: parsed }
  const { code, msg } = (parsed ?? {}) as { code?: unknown; msg?: unknown }
  return { kind: 'failed', status, code: Number(code ?? 0), reason: String(msg ?? '') }
}
