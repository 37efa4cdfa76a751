import { TradingError } from '#shared/kernel/error.ts'
import type { TwinContext } from './context.ts'
import type { Gate } from './gate.ts'
import { venueRefusal } from './refusal.ts'
import { readParams } from './request.ts'
import type { Route, Routes } from './route.ts'

export type TwinRequest = {
  readonly method: string
  /** With query, as on the request line. */
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly ip: string
}

export type TwinReply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Time that the carrier should let pass before it delivers the reply. */
  readonly delayUs: number
}

const prefix = '/fapi/v3'

/** Carries out one request: limits, signature, nonce, route, faults. */
export function createResponder(options: {
  context: TwinContext
  gate: Gate
  routes: Routes
}): (request: TwinRequest) => TwinReply | 'drop' {
  const { context, gate, routes } = options

  return (request) => {
    const delayUs = context.faults.replyDelayUs()
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    const reply = (status: number, value: unknown) => ({
      status,
      headers,
      body: JSON.stringify(value),
      delayUs,
    })
    const isWrite = request.method !== 'GET'
    const fate = isWrite ? context.faults.ofWrite() : undefined
    let answer = fate?.executes === false ? undefined : answerOrRefusal(request, headers)
    answer ??= { status: 503, value: undefined }
    if (!fate || fate.reply === 'normal') return reply(answer.status, answer.value)
    if (fate.reply === 'dropped') return 'drop'
    return reply(503, {
      code: -1007,
      msg: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
    })
  }

  function answerOrRefusal(request: TwinRequest, headers: Record<string, string>) {
    try {
      return { status: 200, value: answerRequest(request, headers) }
    } catch (error) {
      if (!(error instanceof TradingError) || error.code !== 'VENUE_REFUSED') throw error
      const { code, status, retryAfterSeconds } = error.details
      if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
      return { status: Number(status), value: { code, msg: error.message } }
    }
  }

  function answerRequest(request: TwinRequest, headers: Record<string, string>): unknown {
    const at = request.path.indexOf('?')
    const path = at < 0 ? request.path : request.path.slice(0, at)
    const query = at < 0 ? '' : request.path.slice(at + 1)
    const route = routeOf(request.method, path)
    const params = readParams(query, request.body)
    const { nowUs } = context.state

    const weight = typeof route.weight === 'number' ? route.weight : route.weight(params)
    const used = context.counter.addWeight(request.ip, weight, nowUs)
    headers['x-mbx-used-weight-1m'] = String(used)
    if (!route.isSigned) return route.answer({ context, params, account: -1, nonceUs: 0 })

    const text = [query, request.body].filter((part) => part !== '').join('&')
    const { account, nonceUs } = gate.check(context, route, text, params)
    if (route.orders) {
      const count = context.counter.addOrders(account, route.orders(params), nowUs)
      headers['x-mbx-order-count-1m'] = String(count)
    }
    return route.answer({ context, params, account, nonceUs })
  }

  function routeOf(method: string, path: string): Route {
    const route = path.startsWith(`${prefix}/`)
      ? routes[`${method} ${path.slice(prefix.length)}`]
      : undefined
    if (!route) throw venueRefusal(-1000, `No endpoint ${method} ${path}.`, 404)
    return route
  }
}
