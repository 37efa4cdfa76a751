import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { TradingError } from '#shared/kernel/error.ts'

/** Every refusal has the same shape: what is wrong, and what to do about it. */
export const refuse = (
  c: Context,
  status: ContentfulStatusCode,
  error: string,
  remedy: string,
): Response => c.json({ error, remedy }, status)

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Refuses names other than loopback, so that a foreign site cannot rebind its own name to this server. */
export const loopbackHostOnly: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('host') ?? new URL(c.req.url).host
  if (!loopbackNames.has(host.replace(/:\d+$/, '').toLowerCase()))
    return refuse(c, 403, `host '${host}' is not this machine`, 'open http://127.0.0.1 instead')
  return next()
}

/** Refuses requests that another site's page makes, whether or not it could read the answer. */
export const sameSiteOnly: MiddlewareHandler = async (c, next) => {
  const site = c.req.header('sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site')
    return refuse(c, 403, 'request comes from another site', 'use the console page itself')
  return next()
}

/** Nothing inline, nothing from elsewhere; the page cannot be framed or sniffed. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  c.header(
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  )
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('X-Frame-Options', 'DENY')
  c.header('Referrer-Policy', 'no-referrer')
  c.header('Cross-Origin-Resource-Policy', 'same-origin')
}

/**
 * Lets operators pass. The token comes in a header and never in a cookie, so a foreign page cannot send it along.
 */
export function operatorOnly(token: string): MiddlewareHandler {
  const expected = digest(token)
  return async (c, next) => {
    const bearer = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    const given = bearer ?? c.req.header('x-console-token')
    if (given === undefined) return refuse(c, 401, 'this needs the operator token', tokenRemedy)
    if (!timingSafeEqual(digest(given), expected))
      return refuse(c, 401, 'the operator token is wrong', tokenRemedy)
    return next()
  }
}

const tokenRemedy = 'open the page by the address printed at start, it ends in #token=…'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const adviceByRemedy = {
  'reject-input': { status: 400, advice: 'correct the request and send it again' },
  'retry-later': { status: 503, advice: 'try again in a few seconds' },
  resync: { status: 503, advice: 'try again in a few seconds' },
  reconcile: { status: 503, advice: 'look at the orders before you do it again' },
  halt: { status: 500, advice: 'look at the status line of the service and restart it' },
} as const

/** Faults of the parts behind the API, in the words of the fault itself; anything else tells nothing. */
export function refuseFault(c: Context, fault: unknown): Response {
  if (!(fault instanceof TradingError))
    return refuse(c, 500, 'the console failed on this request', 'read the log of the process')
  const { status, advice } = adviceByRemedy[fault.remedy]
  return c.json({ error: fault.message, remedy: advice, code: fault.code }, status)
}
