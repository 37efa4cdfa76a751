import { z } from 'zod'
import type { Warehouse } from '#shared/cloud/port.ts'
import { roles } from '../auth/actor.ts'
import { Refusal } from '../refusal.ts'
import { jsonFromAnswer, runReadOnlySql, sqlRowsMax } from '../sql.ts'
import type { StreamHub } from '../stream.ts'
import { type ApiRoute, jsonAnswer, jsonTextAnswer, readRoute } from './route.ts'

export type WatchPorts = {
  readonly hub: StreamHub
  /** As the hub was told; for the words of a refusal. */
  readonly pagesPerViewerMax: number
  /** JSON of everything the console knows. */
  readonly readState: () => string
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly isLive: () => boolean
  readonly needsToken: boolean
}

const me = z.object({
  actor: z.string(),
  role: z.enum(roles),
  via: z.enum(['token', 'iap', 'oidc', 'this-machine']),
  mode: z.enum(['paper', 'live']),
  needsToken: z.boolean(),
})

/** What only looks at the running system. */
export const watchRoutes = (ports: WatchPorts): readonly ApiRoute[] => [
  readRoute({
    method: 'get',
    path: '/api/me',
    room: 'watch',
    action: 'me',
    summary: 'Who you are here and what you may do',
    role: 'viewer',
    isOpenHere: true,
    replies: {
      200: {
        what: 'your name and role, and the mode of the run',
        schema: me,
        example: {
          actor: 'ada@example.com',
          role: 'operator',
          via: 'iap',
          mode: 'paper',
          needsToken: false,
        },
      },
    },
    run: async ({ actor: { name, role, via } }) =>
      jsonAnswer({
        actor: name,
        role,
        via,
        mode: ports.isLive() ? 'live' : 'paper',
        needsToken: ports.needsToken,
      }),
  }),
  readRoute({
    method: 'get',
    path: '/api/state',
    room: 'watch',
    action: 'state',
    summary: 'Everything the page shows, as of now',
    description:
      'Books, orders, fills, decisions, positions, equity and services; lists are oldest first.',
    role: 'viewer',
    isOpenHere: true,
    replies: { 200: { what: 'the state', schema: z.record(z.string(), z.unknown()) } },
    run: async () => jsonTextAnswer(ports.readState()),
  }),
  readRoute({
    method: 'get',
    path: '/api/stream',
    room: 'watch',
    action: 'stream',
    summary: 'The state, then every change of it',
    description:
      'Server-sent events: `state` once with the whole state, then `change` with topic and message. ' +
      'A reader that is too slow gets a new `state` instead of its backlog. ' +
      `One person may have ${ports.pagesPerViewerMax} open; one more is 429.`,
    role: 'viewer',
    isOpenHere: true,
    replies: { 200: { what: 'an endless stream', contentType: 'text/event-stream' } },
    refusals: { 503: 'too many pages are open' },
    run: async ({ actor: { name } }) => {
      const body = ports.hub.open(name)
      if (body === 'viewer-full')
        throw new Refusal(
          429,
          `${name} has ${ports.pagesPerViewerMax} pages open already`,
          'close one of them, then this one follows by itself',
          { headers: { 'Retry-After': '5' } },
        )
      if (body === 'full')
        throw new Refusal(503, 'too many pages are open', 'try again when somebody closes one', {
          headers: { 'Retry-After': '5' },
        })
      return {
        status: 200,
        body,
        headers: {
          'Content-Type': 'text/event-stream',
          'Cache-Control': 'no-store',
          'X-Accel-Buffering': 'no',
        },
      }
    },
  }),
  readRoute({
    method: 'post',
    path: '/api/sql',
    room: 'watch',
    action: 'sql',
    summary: 'Ask the warehouse',
    description: `One statement that reads: SELECT, WITH, DESCRIBE or SHOW. At most ${sqlRowsMax.toLocaleString('en')} rows come back.`,
    role: 'operator',
    body: z.strictObject({ sql: z.string().min(1).max(20_000) }),
    bodyExample: { sql: 'SELECT strategy, count(*) AS fills FROM fills GROUP BY 1' },
    replies: {
      200: {
        what: 'columns and rows; exact decimals and times as text',
        schema: z.object({
          columns: z.array(z.string()),
          rows: z.array(z.array(z.unknown())),
          isCut: z.boolean(),
        }),
        example: { columns: ['strategy', 'fills'], rows: [['glft', 12]], isCut: false },
      },
    },
    refusals: { 400: 'not one statement that reads, or the database refused it' },
    run: async ({ body }) =>
      jsonTextAnswer(jsonFromAnswer(await runReadOnlySql(ports.warehouse, body.sql))),
  }),
]
