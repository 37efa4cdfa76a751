import type { z } from 'zod'
import type { Actor, Role } from '../auth/actor.ts'

/** A request that has passed the gate. */
export type ApiCall<Body, Query> = {
  readonly actor: Actor
  readonly requestId: string
  readonly body: Body
  readonly query: Query
  readonly params: Readonly<Record<string, string>>
}

export type ApiAnswer = {
  readonly status: 200 | 202
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  readonly headers: Readonly<Record<string, string>>
}

/** What a change will do, decided and not yet done. */
export type Plan = {
  /** Turns live trading on: a second admin must confirm it first. */
  readonly needsSecondAdmin?: boolean
  /** Only makes things safer: it waits for no audit row, and is done even when none can be written. */
  readonly isStop?: boolean
  /** Added to the audit row beside the body. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** @param confirmedBy - the second admin, where one was needed */
  perform(confirmedBy?: string): Promise<ApiAnswer>
}

export type ReplySpec = {
  readonly what: string
  readonly schema?: z.ZodType
  readonly example?: unknown
  /** Left out, application/json. */
  readonly contentType?: string
}

type Described = {
  readonly method: 'get' | 'post'
  /** As OpenAPI writes it: `/api/functions/{name}`. */
  readonly path: string
  readonly room: 'watch' | 'trading' | 'functions' | 'models' | 'reports' | 'audit'
  /** What the audit log calls it. */
  readonly action: string
  readonly summary: string
  readonly description?: string
  /** The least role that may. */
  readonly role: Role
  /** True: on one machine it needs no token, for only that machine can ask. */
  readonly isOpenHere?: true
  readonly parameters?: Readonly<Record<string, string>>
  readonly bodyExample?: unknown
  readonly replies: Readonly<Partial<Record<200 | 202, ReplySpec>>>
  /** Refusals of its own, beside those every route can give. */
  readonly refusals?: Readonly<Partial<Record<400 | 403 | 404 | 409 | 503, string>>>
}

export type ApiRoute = Described & {
  readonly body?: z.ZodType
  readonly query?: z.ZodType
} & (
    | {
        readonly kind: 'read'
        run(call: ApiCall<unknown, unknown>): Promise<ApiAnswer>
      }
    | {
        readonly kind: 'change'
        /** Decides, changes nothing, and throws a Refusal when it cannot be. */
        prepare(call: ApiCall<unknown, unknown>): Plan
      }
  )

/** A route that only looks. */
export const readRoute = <
  Body extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
>(
  route: Described & {
    readonly body?: Body
    readonly query?: Query
    run(call: ApiCall<z.infer<Body>, z.infer<Query>>): Promise<ApiAnswer>
  },
  // The gate parses body and query with the schemas of the same route.
): ApiRoute => ({ ...route, kind: 'read' }) as unknown as ApiRoute

/** A route that changes something: its audit row is stored before `perform` runs. */
export const changeRoute = <
  Body extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
>(
  route: Described & {
    readonly body?: Body
    readonly query?: Query
    prepare(call: ApiCall<z.infer<Body>, z.infer<Query>>): Plan
  },
): ApiRoute => ({ ...route, kind: 'change' }) as unknown as ApiRoute

export const jsonAnswer = (value: unknown, status: 200 | 202 = 200): ApiAnswer =>
  jsonTextAnswer(JSON.stringify(value), status)

export const jsonTextAnswer = (json: string, status: 200 | 202 = 200): ApiAnswer => ({
  status,
  body: json,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
})
