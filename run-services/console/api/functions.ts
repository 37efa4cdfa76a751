import { z } from 'zod'
import { functions as functionSpecs } from '#shared/cloud/manifest/function.ts'
import { Refusal } from '../refusal.ts'
import { reasonSchema } from './reading.ts'
import { type ApiRoute, changeRoute, jsonAnswer } from './route.ts'

/** Runs a function now. @throws TradingError as the function does */
export type CallFunction = (name: string, body: unknown) => Promise<unknown>

const resultSchema = z.object({ result: z.unknown() })
const resultReply = { 200: { what: 'what the function did', schema: resultSchema } }
const failing = { 503: 'the function asks to be called again, or its outcome is unknown' }

/** Functions that must know who asked have a route of their own. */
const ownRoutes: Readonly<Record<string, string>> = {
  'start-training': 'POST /api/training',
  'promote-model': 'POST /api/models/promote or /api/models/rollback',
}

/** Manual triggers. All functions are idempotent, so a trigger beside the schedule does no harm. */
export const functionRoutes = (call: CallFunction | undefined): readonly ApiRoute[] => {
  const run = async (name: string, body: unknown) => {
    if (!call) throw noFunctions(name)
    return jsonAnswer({ result: (await call(name, body)) ?? null })
  }
  return [
    changeRoute({
      method: 'post',
      path: '/api/functions/{name}',
      room: 'functions',
      action: 'function',
      summary: 'Run a function now',
      description: `One of ${Object.keys(functionSpecs)
        .filter((name) => !Object.hasOwn(ownRoutes, name))
        .join(
          ', ',
        )}. The body is the function’s own input; an empty one means what the schedule does.`,
      role: 'operator',
      parameters: { name: 'the function’s name' },
      body: z.unknown(),
      bodyExample: { symbols: ['BTCUSDT'] },
      replies: resultReply,
      refusals: { 404: 'no such function', 409: 'it has a route of its own', ...failing },
      prepare: ({ params: { name = '' }, body }) => {
        if (!call || !Object.hasOwn(functionSpecs, name)) throw noFunctions(name, call)
        const own = ownRoutes[name]
        if (own !== undefined)
          throw new Refusal(409, `${name} has a route of its own`, `use ${own}`)
        return { perform: () => run(name, body) }
      },
    }),
    changeRoute({
      method: 'post',
      path: '/api/training',
      room: 'models',
      action: 'start-training',
      summary: 'Start a training job',
      description: 'Costs GPU hours. Refused while one runs and over the budget.',
      role: 'operator',
      body: z.strictObject({
        dataset: z.string().min(1).max(200).optional(),
        reason: reasonSchema,
      }),
      bodyExample: { reason: 'new features since Tuesday' },
      replies: resultReply,
      refusals: failing,
      prepare: ({ actor, body: { dataset } }) => ({
        perform: () =>
          run('start-training', {
            ...(dataset === undefined ? {} : { dataset }),
            by: actor.name,
          }),
      }),
    }),
    changeRoute({
      method: 'post',
      path: '/api/models/promote',
      room: 'models',
      action: 'promote-model',
      summary: 'Make a model the one that serves',
      description:
        'A model that does not beat the majority baseline needs `despite`, which says why it is promoted all the same.',
      role: 'admin',
      body: z.strictObject({
        modelId: z.string().regex(/^[A-Za-z0-9][\w.-]{0,199}$/, 'is no model id'),
        reason: reasonSchema,
        despite: reasonSchema.optional(),
      }),
      bodyExample: { modelId: 'direction-20261121', reason: 'better on the last two weeks' },
      replies: resultReply,
      refusals: failing,
      prepare: ({ actor, body: { modelId, reason, despite } }) => ({
        perform: () =>
          run('promote-model', {
            modelId,
            reason,
            by: actor.name,
            ...(despite === undefined ? {} : { despite }),
          }),
      }),
    }),
    changeRoute({
      method: 'post',
      path: '/api/models/rollback',
      room: 'models',
      action: 'rollback-model',
      summary: 'Go back to the model that served before',
      role: 'admin',
      body: z.strictObject({ reason: reasonSchema }),
      bodyExample: { reason: 'its predictions froze' },
      replies: resultReply,
      refusals: failing,
      prepare: ({ actor, body: { reason } }) => ({
        perform: () => run('promote-model', { rollback: true, reason, by: actor.name }),
      }),
    }),
  ]
}

const noFunctions = (name: string, call?: CallFunction): Refusal =>
  new Refusal(
    404,
    `there is no function '${name}'`,
    `functions: ${call ? Object.keys(functionSpecs).join(', ') : 'none here'}`,
  )
