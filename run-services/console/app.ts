import { randomUUID } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { Blobs, Bus, Warehouse } from '#shared/cloud/port.ts'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import { silentTracer, type Tracer, traceRequest } from '#shared/cloud/telemetry/tracer.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { auditRoutes } from './api/audit.ts'
import { confirmationRoutes } from './api/confirmations.ts'
import { type CallFunction, functionRoutes } from './api/functions.ts'
import { createGate, type Entry, type Gate } from './api/gate.ts'
import { reportRoutes } from './api/reports.ts'
import type { ApiRoute } from './api/route.ts'
import { tradingRoutes } from './api/trading.ts'
import { watchRoutes } from './api/watch.ts'
import { type Assets, loadAssets } from './assets.ts'
import type { AuditHead } from './audit/chain.ts'
import { createAuditLog } from './audit/log.ts'
import type { Identify } from './auth/actor.ts'
import { createConfirmations } from './auth/confirmation.ts'
import { type GoogleKeys, googleKeys, identifyByGoogle } from './auth/google.ts'
import { identifyByToken } from './auth/token.ts'
import type { ConsoleConfig } from './config.ts'
import { readFundingIntervals } from './funding-intervals.ts'
import { followModel } from './model-feed.ts'
import {
  applyMessage,
  type ConsoleMessage,
  emptyState,
  type ModelState,
  watchedTopics,
} from './state.ts'
import { createStreamHub } from './stream.ts'

export type ConsolePorts = {
  readonly config: ConsoleConfig
  readonly bus: Bus
  readonly warehouse: Pick<Warehouse, 'query' | 'insert'>
  readonly clock: Clock
  readonly timers: Timers
  /** Folder of the built page, or a way to find its files. */
  readonly assets: string | Assets
  /** Runs a scheduled job now. Left out, the console has no manual triggers. */
  readonly functions?: CallFunction
  /** Bucket of the daily reports. Left out, there are none to download. */
  readonly reports?: Pick<Blobs, 'list' | 'get'>
  /** Which model is promoted. Left out, the page cannot say. */
  readonly readModel?: () => Promise<ModelState>
  /** Public keys that identity tokens are checked with. Left out, Google's own. */
  readonly keys?: GoogleKeys
  /** Left out, random UUIDs. */
  readonly randomId?: () => string
  /** Called once for every fault that is not the caller's. */
  readonly report: (fault: unknown) => void
  /** Counts the calls of the API. Left out, nobody does. */
  readonly metrics?: Pick<Metrics, 'add'>
  /** Left out, nobody hears of single calls. */
  readonly tracer?: Tracer
  /** The metrics of this process as Prometheus reads them. Left out, there is no `/metrics`. */
  readonly scrape?: () => Promise<string>
  /** Called with every new end of the audit chain; written to a log, it anchors the chain outside its table. */
  readonly onAuditHead?: (head: AuditHead) => void
}

export type ConsoleApp = { readonly app: Hono; close(): Promise<void> }

/** Open pages; of one person a browser or two with a few tabs each. */
const pagesMax = 32
const pagesPerViewerMax = 4
const heartbeatUs = 15 * microsPerSecond
const fundingScanUs = 30 * microsPerSecond
const firstFundingScanUs = 2 * microsPerSecond

/**
 * HTTP in front of the bus: the page, its state, its event stream, and the operator API. Nothing is decided here but who
 * may ask.
 */
export function createConsoleApp(ports: ConsolePorts): ConsoleApp {
  const { config, clock, timers, warehouse, report, randomId = randomUUID } = ports
  const { tracer = silentTracer } = ports
  const state = emptyState()
  const readState = () => JSON.stringify(state)
  const hub = createStreamHub({
    readState,
    clientsMax: pagesMax,
    pagesPerViewerMax,
    queueMax: 1_000,
  })
  const take = (message: ConsoleMessage) => {
    applyMessage(state, message)
    hub.publish('change', JSON.stringify(message))
  }
  const stops = watchedTopics.map((topic) =>
    // Publishers are typed by topic; this is where the type is picked up again.
    ports.bus.subscribe(topic, (message) => take({ topic, message } as unknown as ConsoleMessage)),
  )
  stops.push(repeat(timers, heartbeatUs, heartbeatUs, () => hub.beat()))
  stops.push(
    repeat(timers, firstFundingScanUs, fundingScanUs, () => {
      readFundingIntervals(warehouse)
        .then((message) => take({ topic: 'funding-intervals', message }))
        .catch(report)
    }),
  )

  const { readModel } = ports
  if (readModel)
    stops.push(
      followModel({ timers, readModel, report }, (message) => take({ topic: 'model', message })),
    )

  const { onAuditHead: onHead } = ports
  const audit = createAuditLog({
    warehouse,
    clock,
    timers,
    report,
    ...(onHead ? { onHead } : {}),
  })
  const confirmations = createConfirmations({ clock, randomId })
  const identify = identifyBy(ports)
  const gate = createGate({
    config,
    identify,
    audit,
    confirmations,
    clock,
    randomId,
    report,
    onCall: ({ action, status }) =>
      ports.metrics?.add('asterai.api.calls', 1, { action, status: String(status) }),
  })
  // The stricter of what this deployment was told and what the executor says.
  const isLive = () => config.mode === 'live' || state.trading?.mode === 'live'
  const isOneMachine = config.auth.kind === 'token'
  const routes: readonly ApiRoute[] = [
    ...watchRoutes({
      hub,
      pagesPerViewerMax,
      readState,
      warehouse,
      isLive,
      needsToken: isOneMachine,
    }),
    ...tradingRoutes({
      bus: ports.bus,
      clock,
      readTrading: () => state.trading,
      // Whoever holds this machine holds its key too: a second word from the same person would protect nothing.
      needsSecondAdmin: () => isLive() && !isOneMachine,
    }),
    ...confirmationRoutes(confirmations, clock),
    ...functionRoutes(ports.functions),
    ...reportRoutes(ports.reports),
    ...auditRoutes({ warehouse, storedHead: audit.head, flush: audit.flush }),
  ]

  const app = new Hono()
  app.use(securityHeaders)
  // The platform's probe asks by an address of its own and without an identity.
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/favicon.ico', (c) => c.body(null, 204))
  for (const route of routes)
    app.on(route.method, [route.path.replaceAll(/\{(\w+)\}/g, ':$1')], (c) =>
      traceRequest(tracer, `api ${route.action}`, c.req.raw.headers, () => gate.serve(c, route)),
    )
  mountDocs(app, gate, routes)
  if (ports.scrape) mountMetrics(app, gate, ports.scrape)
  mountPage(app, gate, ports.assets)
  app.notFound((c) =>
    c.json({ error: `nothing is at ${c.req.path}`, remedy: 'open / for the console' }, 404),
  )
  app.onError((fault, c) => {
    report(fault)
    return c.json({ error: 'the console failed on this request', remedy: 'read its log' }, 500)
  })
  return {
    app,
    async close() {
      for (const stop of stops) stop()
      hub.close()
      await audit.close().catch(report)
    },
  }
}

function identifyBy({ config: { auth }, keys, clock }: ConsolePorts): Identify {
  if (auth.kind === 'token') return identifyByToken(auth.token)
  const { iapAudience, oidcAudience, roles } = auth
  return identifyByGoogle({ iapAudience, oidcAudience, roles }, keys ?? googleKeys(), clock)
}

const pageEntry: Entry = { action: 'page', role: 'viewer', isOpenHere: true }

/** The generator of the document is loaded with the first question for it. */
function mountDocs(app: Hono, gate: Gate, routes: readonly ApiRoute[]): void {
  const document = async () => (await import('./openapi/document.ts')).openApiDocument(routes)
  const answer = (path: string, contentType: string, read: () => Promise<string>) =>
    app.get(path, async (c) => {
      const refusal = await gate.admit(c, pageEntry)
      return refusal ?? c.body(await read(), 200, { 'Content-Type': contentType })
    })
  answer('/openapi.json', 'application/json', async () => JSON.stringify(await document()))
  answer('/docs', 'text/html; charset=utf-8', async () =>
    (await import('./openapi/page.ts')).docsPage(await document(), routes),
  )
  answer(
    '/docs/style.css',
    'text/css; charset=utf-8',
    async () => (await import('./openapi/page.ts')).docsStyle,
  )
}

function mountMetrics(app: Hono, gate: Gate, scrape: () => Promise<string>): void {
  app.get('/metrics', async (c) => {
    const refusal = await gate.admit(c, { ...pageEntry, action: 'metrics' })
    return refusal ?? c.body(await scrape(), 200, { 'Content-Type': 'text/plain; version=0.0.4' })
  })
}

function mountPage(app: Hono, gate: Gate, source: string | Assets): void {
  const assets = typeof source === 'string' ? loadAssets(source) : source
  app.get('*', async (c, next) => {
    const refusal = await gate.admit(c, pageEntry)
    if (refusal) return refusal
    const asset = assets(c.req.path)
    if (!asset && c.req.path === '/') return notBuilt(c)
    if (!asset) return next()
    // Names under /assets/ carry a hash of their content.
    const isHashed = c.req.path.startsWith('/assets/')
    return c.body(asset.bytes, 200, {
      'Content-Type': asset.contentType,
      'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
  })
}

const notBuilt = (c: Context): Response =>
  c.json({ error: 'the page has not been built', remedy: 'run npm run build:console' }, 503)

/** Nothing inline, nothing from elsewhere; the page cannot be framed or sniffed. */
const securityHeaders: MiddlewareHandler = async (c, next) => {
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

function repeat(timers: Timers, firstUs: number, everyUs: number, task: () => void): () => void {
  const run = () => {
    cancel = timers.after(everyUs, run)
    task()
  }
  let cancel = timers.after(firstUs, run)
  return () => cancel()
}
