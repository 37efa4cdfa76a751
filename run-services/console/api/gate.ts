import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { Clock } from '#shared/kernel/runtime.ts'
import { canonicalJson } from '../audit/canonical.ts'
import type { AuditEntry, AuditLog } from '../audit/log.ts'
import { type Actor, type Identify, mayActAs } from '../auth/actor.ts'
import type { Confirmations } from '../auth/confirmation.ts'
import { tokenRemedy } from '../auth/token.ts'
import type { ConsoleConfig } from '../config.ts'
import { clientAddress, createAddressList } from '../limit/address.ts'
import { checkHost, checkPage, checkSite, pageHeader } from '../limit/origin.ts'
import { createTokenBuckets } from '../limit/token-bucket.ts'
import { Refusal, refusalOf } from '../refusal.ts'
import { parseBody, parseValue, readBodyText } from './reading.ts'
import { type ApiAnswer, type ApiCall, type ApiRoute, jsonAnswer, type Plan } from './route.ts'

export type GatePorts = {
  readonly config: ConsoleConfig
  readonly identify: Identify
  readonly audit: AuditLog
  readonly confirmations: Confirmations
  readonly clock: Clock
  readonly randomId: () => string
  /** Called once for every fault that is not the caller's. */
  readonly report: (fault: unknown) => void
  readonly onCall?: ((call: ApiCallReport) => void) | undefined
}

/** One call of the API that has been answered, for counting. */
export type ApiCallReport = {
  readonly action: string
  readonly status: number
  readonly ms: number
}

/** What the gate needs to know of whatever is asked for. */
export type Entry = Pick<ApiRoute, 'action' | 'role' | 'isOpenHere'>

export type Gate = {
  /** Carries out a route, or says why not. Every refusal is noted in the audit log. */
  serve(c: Context, route: ApiRoute): Promise<Response>
  /** Lets a reader of pages pass. @returns the refusal otherwise */
  admit(c: Context, entry: Entry): Promise<Response | undefined>
}

/** Who a request turned out to be, as far as that was found before it ended. */
type Visit = {
  readonly requestId: string
  readonly address: string
  readonly startUs: number
  actor: Actor | undefined
}

const anyoneHere: Actor = {
  name: 'anyone@this-machine',
  role: 'viewer',
  via: 'this-machine',
  isAmbient: false,
}

/** Longer bodies are in the audit log by their hash alone. */
const bodyCharsKept = 2_000

/**
 * The only way to the routes: host, address, site, identity, rate, role, size and shape, in this order; then the audit
 * row; then the action.
 */
export function createGate(ports: GatePorts): Gate {
  const { config, audit, clock } = ports
  const mayEnter = createAddressList(config.allowedAddresses)
  const takeToken = createTokenBuckets(config.rate)

  const open = (c: Context): Visit => {
    const given = c.req.header('x-request-id')
    const requestId = given && /^[\w.-]{8,64}$/.test(given) ? given : ports.randomId()
    c.header('X-Request-Id', requestId)
    const address = clientAddress({
      forwardedFor: c.req.header('x-forwarded-for'),
      socketAddress: socketAddress(c),
      hops: config.forwardedHops,
    })
    return { requestId, address: address ?? 'unknown', startUs: clock.nowUs(), actor: undefined }
  }

  const enter = async (c: Context, visit: Visit, entry: Entry): Promise<Actor> => {
    checkHost(hostOf(c), config.hosts)
    if (!mayEnter(visit.address === 'unknown' ? undefined : visit.address))
      throw new Refusal(403, `address ${visit.address} may not ask`, 'ask from an allowed network')
    const actor = await identified(c, visit, entry)
    // Known people count by name, so that nobody beside them can use up what they need for a kill.
    takeOrRefuse(`actor ${actor.via === 'this-machine' ? visit.address : actor.name}`)
    if (!mayActAs(actor.role, entry.role))
      throw new Refusal(
        403,
        `${actor.name} is ${actor.role}, this needs ${entry.role}`,
        `ask somebody who is ${entry.role}`,
      )
    return actor
  }

  const identified = async (c: Context, visit: Visit, entry: Entry): Promise<Actor> => {
    try {
      const actor = await ports.identify({
        authorization: c.req.header('authorization'),
        consoleToken: c.req.header('x-console-token'),
        iapAssertion: c.req.header('x-goog-iap-jwt-assertion'),
      })
      const isHere = config.auth.kind === 'token' && entry.isOpenHere
      visit.actor = actor ?? (isHere ? anyoneHere : undefined)
      if (visit.actor) return visit.actor
      throw config.auth.kind === 'token'
        ? new Refusal(401, 'this needs the operator token', tokenRemedy)
        : new Refusal(401, 'this needs an identity', 'sign in, or send an identity token')
    } catch (fault) {
      // Guessing is slowed down by address.
      takeOrRefuse(`address ${visit.address}`)
      throw fault
    }
  }

  const takeOrRefuse = (key: string): void => {
    const seconds = takeToken(key, clock.nowUs())
    if (seconds > 0)
      throw new Refusal(429, 'too many requests', `wait ${seconds} s`, {
        headers: { 'Retry-After': String(seconds) },
      })
  }

  const call = async (c: Context, route: ApiRoute, visit: Visit): Promise<ApiAnswer> => {
    checkSite(c.req.header('sec-fetch-site'))
    const actor = await enter(c, visit, route)
    if (route.method === 'post' && actor.isAmbient)
      checkPage({
        origin: c.req.header('origin'),
        host: hostOf(c),
        page: c.req.header(pageHeader.name),
      })
    const request: ApiCall<unknown, unknown> = {
      actor,
      requestId: visit.requestId,
      body: route.body ? parseBody(await readBodyText(c.req.raw), route.body) : undefined,
      query: route.query ? parseValue(c.req.query(), route.query, 'the query') : undefined,
      params: c.req.param(),
    }
    return route.kind === 'read' ? await route.run(request) : await change(route, request, visit)
  }

  const change = async (
    route: ApiRoute & { readonly kind: 'change' },
    request: ApiCall<unknown, unknown>,
    visit: Visit,
  ): Promise<ApiAnswer> => {
    const { actor, body, params } = request
    const plan = route.prepare(request)
    const entry = {
      requestId: visit.requestId,
      actor: actor.name,
      role: actor.role,
      action: route.action,
      detail: { ...kept(body), params, via: actor.via, address: visit.address, ...plan.detail },
    }
    if (!plan.needsSecondAdmin) return await perform(plan, entry)

    await audit.record({ ...entry, outcome: 'asked', status: 202 })
    const asked = ports.confirmations.ask({ actor, action: route.action, body, plan })
    const { id, actionHash, expiresAtUs } = asked
    return jsonAnswer(
      { awaits: 'a second admin', confirmationId: id, actionHash, expiresAt: expiresAtUs },
      202,
    )
  }

  const perform = async (
    plan: Plan,
    asked: Omit<AuditEntry, 'outcome' | 'status'>,
  ): Promise<ApiAnswer> => {
    const entry = { ...asked, isStop: plan.isStop }
    const begun = audit.record({ ...entry, outcome: 'begun', status: null })
    // An operator who stops trading must not have to wait for a warehouse that is away. Said in the log instead.
    if (plan.isStop) begun.catch(ports.report)
    else await begun
    try {
      const answer = await plan.perform()
      await afterwards(plan, { ...entry, outcome: 'done', status: answer.status })
      return answer
    } catch (fault) {
      const { status, message } = refusalOf(fault)
      const detail = { ...entry.detail, problem: message }
      await afterwards(plan, { ...entry, detail, outcome: 'failed', status })
      throw new Failure(fault)
    }
  }

  /** What happened has happened: the caller hears of it even when this row fails, and of a stop before it is there. */
  const afterwards = async (plan: Plan, entry: AuditEntry): Promise<void> => {
    const recorded = audit.record(entry).catch(ports.report)
    if (!plan.isStop) await recorded
  }

  const refuse = (c: Context, entry: Entry, visit: Visit, fault: unknown): Response => {
    const isRecorded = fault instanceof Failure
    const refusal = refusalOf(isRecorded ? fault.cause : fault)
    if (refusal.status >= 500) ports.report(isRecorded ? fault.cause : fault)
    if (!isRecorded)
      audit.noteRefusal(
        {
          requestId: visit.requestId,
          actor: visit.actor?.name ?? refusal.who ?? 'anonymous',
          role: visit.actor?.role ?? 'none',
          action: entry.action,
          outcome: 'refused',
          status: refusal.status,
          detail: { problem: refusal.message },
        },
        visit.address,
      )
    return c.json(refusal.toJSON(), refusal.status, { ...refusal.headers })
  }

  const tell = (action: string, status: number, visit: Visit): void =>
    ports.onCall?.({ action, status, ms: (clock.nowUs() - visit.startUs) / 1_000 })

  return {
    async serve(c, route) {
      const visit = open(c)
      const reply = await call(c, route, visit).then(
        ({ body, status, headers }) => c.body(body, status, { ...headers }),
        (fault: unknown) => refuse(c, route, visit, fault),
      )
      tell(route.action, reply.status, visit)
      return reply
    },
    async admit(c, entry) {
      const visit = open(c)
      try {
        await enter(c, visit, entry)
        return undefined
      } catch (fault) {
        return refuse(c, entry, visit, fault)
      }
    },
  }
}

/** An action that was begun and failed: it has its audit row already. */
class Failure extends Error {
  constructor(fault: unknown) {
    super('the action failed', { cause: fault })
  }
}

function kept(body: unknown): Readonly<Record<string, unknown>> {
  const text = canonicalJson(body)
  if (text.length <= bodyCharsKept) return body === undefined ? {} : { body }
  return { bodySha256: createHash('sha256').update(text).digest('hex'), bodyChars: text.length }
}

const hostOf = (c: Context): string => c.req.header('host') ?? new URL(c.req.url).host

/** The Node server puts the request it came from beside the one of the web standard. */
const socketAddress = (c: Context): string | undefined =>
  (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket
    ?.remoteAddress
