import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { functions as functionSpecs } from '#shared/cloud/manifest/function.ts'
import type { CommandMessage } from '#shared/cloud/message.ts'
import type { Bus, Warehouse } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { type Assets, loadAssets } from './assets.ts'
import { readFundingIntervals } from './funding-intervals.ts'
import {
  loopbackHostOnly,
  operatorOnly,
  refuse,
  refuseFault,
  sameSiteOnly,
  securityHeaders,
} from './refusal.ts'
import { jsonFromAnswer, runReadOnlySql } from './sql.ts'
import { applyMessage, type ConsoleMessage, emptyState, watchedTopics } from './state.ts'
import { createStreamHub, type StreamHub } from './stream.ts'

export type ConsolePorts = {
  readonly bus: Bus
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly clock: Clock
  readonly timers: Timers
  /** What an operator must present to command anything; at least 16 characters. */
  readonly token: string
  /** Folder of the built page, or a way to find its files. */
  readonly assets: string | Assets
  /** Runs a scheduled job now. Left out, the console has no manual triggers. */
  readonly functions?: (name: string, body: unknown) => Promise<unknown>
  /** Called once for every fault that is not the caller's. */
  readonly report: (fault: unknown) => void
}

export type ConsoleApp = { readonly app: Hono; close(): void }

const bodyBytesMax = 64 * 1024
const heartbeatUs = 15 * microsPerSecond
const fundingScanUs = 30 * microsPerSecond
const firstFundingScanUs = 2 * microsPerSecond

/**
 * HTTP in front of the bus: the page, its state, its event stream, and operator commands. Nothing is decided here.
 *
 * @throws TradingError CONFIG_INVALID when the token is too short to be a secret
 */
export function createConsoleApp(ports: ConsolePorts): ConsoleApp {
  if (ports.token.length < 16)
    throw new TradingError(
      'CONFIG_INVALID',
      'the console token is shorter than 16 characters; use a random one, for example of 32',
    )
  const state = emptyState()
  const readState = () => JSON.stringify(state)
  const hub = createStreamHub({ readState, clientsMax: 32, queueMax: 1_000 })
  const take = (message: ConsoleMessage) => {
    applyMessage(state, message)
    hub.publish('change', JSON.stringify(message))
  }
  const stops = watchedTopics.map((topic) =>
    // Publishers are typed by topic; this is where the type is picked up again.
    ports.bus.subscribe(topic, (message) => take({ topic, message } as unknown as ConsoleMessage)),
  )
  stops.push(repeat(ports.timers, heartbeatUs, heartbeatUs, () => hub.beat()))
  stops.push(
    repeat(ports.timers, firstFundingScanUs, fundingScanUs, () => {
      readFundingIntervals(ports.warehouse)
        .then((message) => take({ topic: 'funding-intervals', message }))
        .catch(ports.report)
    }),
  )

  const app = new Hono()
  app.use(loopbackHostOnly, securityHeaders)
  app.use('/api/*', sameSiteOnly)
  mountReads(app, hub, readState)
  mountCommands(app, ports)
  mountPage(app, ports.assets)
  app.notFound((c) => refuse(c, 404, `nothing is at ${c.req.path}`, 'open / for the console'))
  app.onError((fault, c) => {
    const isCallers = fault instanceof TradingError && fault.remedy === 'reject-input'
    if (!isCallers) ports.report(fault)
    return refuseFault(c, fault)
  })
  const close = () => {
    for (const stop of stops) stop()
    hub.close()
  }
  return { app, close }
}

function mountReads(app: Hono, hub: StreamHub, readState: () => string): void {
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/api/state', (c) => jsonReply(c, readState()))
  app.get('/api/stream', (c) => {
    const body = hub.open()
    if (!body) return refuse(c, 503, 'too many pages are open', 'close one and reload')
    return c.body(body, 200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
  })
}

const commandBody = z.strictObject({
  command: z.enum(['kill', 'flatten', 'resume']),
  reason: z
    .string()
    .trim()
    .min(1, 'must say why')
    .max(200)
    .regex(/^\P{Cc}*$/u, 'must be one line'),
})
const sqlBody = z.strictObject({ sql: z.string().min(1).max(20_000) })

function mountCommands(app: Hono, ports: ConsolePorts): void {
  const tooLarge = (c: Context) =>
    refuse(c, 413, `the body is larger than ${bodyBytesMax / 1024} kB`, 'send less')
  const operator = operatorOnly(ports.token)
  const limit = bodyLimit({ maxSize: bodyBytesMax, onError: tooLarge })

  app.post('/api/commands', operator, limit, async (c) => {
    const { command, reason } = await readBody(c, commandBody)
    const at = ports.clock.nowUs()
    const message: CommandMessage = { command, reason, by: 'console', at }
    ports.bus.publish('commands', message)
    return c.json({ accepted: command, at }, 202)
  })
  app.post('/api/sql', operator, limit, async (c) => {
    const { sql } = await readBody(c, sqlBody)
    return jsonReply(c, jsonFromAnswer(await runReadOnlySql(ports.warehouse, sql)))
  })
  app.post('/api/functions/:name', operator, limit, async (c) => {
    const name = c.req.param('name')
    if (!ports.functions || !Object.hasOwn(functionSpecs, name)) {
      const names = ports.functions ? Object.keys(functionSpecs).join(', ') : 'none here'
      return refuse(c, 404, `there is no function '${name}'`, `functions: ${names}`)
    }
    const body = await readBody(c, z.unknown())
    return c.json({ result: (await ports.functions(name, body)) ?? null })
  })
}

function mountPage(app: Hono, source: string | Assets): void {
  const assets = typeof source === 'string' ? loadAssets(source) : source
  app.get('*', (c, next) => {
    const asset = assets(c.req.path)
    if (!asset && c.req.path === '/')
      return refuse(c, 503, 'the page has not been built', 'run npm run build:console')
    if (!asset) return next()
    // Names under /assets/ carry a hash of their content.
    const isHashed = c.req.path.startsWith('/assets/')
    return c.body(asset.bytes, 200, {
      'Content-Type': asset.contentType,
      'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
  })
}

async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text()
  let raw: unknown
  try {
    raw = text === '' ? undefined : JSON.parse(text)
  } catch (cause) {
    throw new TradingError('OPTION_INVALID', 'the body is not JSON', {}, cause)
  }
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new TradingError('OPTION_INVALID', `${path.join('.') || 'the body'}: ${message}`)
}

const jsonReply = (c: Context, json: string): Response =>
  c.body(json, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })

function repeat(timers: Timers, firstUs: number, everyUs: number, task: () => void): () => void {
  const run = () => {
    cancel = timers.after(everyUs, run)
    task()
  }
  let cancel = timers.after(firstUs, run)
  return () => cancel()
}
