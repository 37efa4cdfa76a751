import { OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import type { ApiRoute, ReplySpec } from '../api/route.ts'

type Operation = Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0]

export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** What any route may answer instead. */
export const commonRefusals = {
  400: 'the request has not the right shape',
  401: 'no identity, or one that is not valid: expired, of another audience, not signed by its issuer',
  403: 'not allowed: role, host, address, or a request that another site started',
  413: 'the body is larger than 64 kB',
  429: 'too many requests; Retry-After says how many seconds to wait',
  500: 'a fault of the console; nothing of it is told here',
  503: 'something behind it does not answer, or the audit log cannot be written: nothing was done',
} as const

/** The API as OpenAPI 3.1, from the same schemas that check the requests. */
export function openApiDocument(routes: readonly ApiRoute[]): ApiDocument {
  const registrar = new OpenAPIHono()
  const registry = registrar.openAPIRegistry
  registry.registerComponent('schemas', 'Refusal', {
    type: 'object',
    required: ['error', 'remedy'],
    properties: {
      error: { type: 'string', description: 'what is wrong, in one line' },
      remedy: { type: 'string', description: 'what to do about it' },
      code: { type: 'string', description: 'stable code of the fault, where it has one' },
    },
  })
  registry.registerComponent('securitySchemes', 'identity', {
    type: 'http',
    scheme: 'bearer',
    description:
      'On one machine the token printed at start. In the cloud IAP adds the identity of people; machines send an ' +
      'identity token whose audience is this service.',
  })
  for (const route of routes) registry.registerPath(operationOf(route))
  return registrar.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'AsterAI operator API',
      version: '1',
      description:
        'Every change and every refusal is in the audit log. A change is refused when its audit row cannot be stored first.',
    },
    servers: [{ url: '/' }],
  })
}

const refusalContent = {
  'application/json': { schema: { $ref: '#/components/schemas/Refusal' } },
}

function operationOf(route: ApiRoute): Operation {
  const { method, path, summary, role, room, body, query, parameters } = route
  const refusals = { ...commonRefusals, ...route.refusals }
  return {
    method,
    path,
    tags: [room],
    operationId: route.action,
    summary,
    description: [
      route.description,
      route.isOpenHere ? `Role: ${role}; on one machine no token.` : `Role: ${role}.`,
    ]
      .filter((line) => line !== undefined)
      .join('\n\n'),
    'x-role': role,
    'x-audited': route.kind === 'change',
    security: [{ identity: [] }],
    request: {
      ...(query ? { query: query as z.ZodObject } : {}),
      ...(parameters ? { params: parametersOf(parameters) } : {}),
      ...(body
        ? {
            body: {
              required: !body.safeParse(undefined).success,
              content: { 'application/json': { schema: body, example: route.bodyExample } },
            },
          }
        : {}),
    },
    responses: {
      ...mapValues(route.replies, replyOf),
      ...mapValues(refusals, (description) => ({ description, content: refusalContent })),
    },
  } as Operation
}

const parametersOf = (parameters: Readonly<Record<string, string>>) =>
  z.object(mapValues(parameters, (what) => z.string().meta({ description: what })))

const replyOf = ({ what, schema, example, contentType = 'application/json' }: ReplySpec) => ({
  description: what,
  content: {
    [contentType]: {
      schema: schema ?? { type: 'string' },
      ...(example === undefined ? {} : { example }),
    },
  },
})

const mapValues = <From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
