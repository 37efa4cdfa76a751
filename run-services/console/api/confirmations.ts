import { z } from 'zod'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Confirmation, Confirmations } from '../auth/confirmation.ts'
import { type ApiRoute, changeRoute, jsonAnswer, readRoute } from './route.ts'

const waitingSchema = z.object({
  id: z.string(),
  askedBy: z.string(),
  action: z.string(),
  body: z.unknown(),
  actionHash: z.string(),
  expiresAt: z.int(),
})

const shown = ({ id, askedBy, action, body, actionHash, expiresAtUs }: Confirmation) => ({
  id,
  askedBy,
  action,
  body,
  actionHash,
  expiresAt: expiresAtUs,
})

/** The second half of the two-person rule. */
export const confirmationRoutes = (
  confirmations: Confirmations,
  clock: Clock,
): readonly ApiRoute[] => [
  readRoute({
    method: 'get',
    path: '/api/confirmations',
    room: 'trading',
    action: 'confirmations',
    summary: 'Actions that wait for a second admin',
    role: 'viewer',
    replies: {
      200: {
        what: 'those that wait, oldest first; `now` is the clock they expire by; times in µs since 1970',
        schema: z.object({ waiting: z.array(waitingSchema), now: z.int() }),
      },
    },
    run: async () =>
      jsonAnswer({ waiting: confirmations.waiting().map(shown), now: clock.nowUs() }),
  }),
  changeRoute({
    method: 'post',
    path: '/api/confirmations/{id}',
    room: 'trading',
    action: 'confirm',
    summary: 'Confirm what another admin asked for',
    description:
      'Works once, within five minutes, and not for whoever asked. `actionHash` says that you confirm what you have read.',
    role: 'admin',
    parameters: { id: 'from GET /api/confirmations' },
    body: z.strictObject({ actionHash: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256') }),
    bodyExample: { actionHash: 'a'.repeat(64) },
    replies: { 202: { what: 'carried out', schema: z.record(z.string(), z.unknown()) } },
    refusals: {
      403: 'whoever asked cannot confirm',
      404: 'no such confirmation',
      409: 'it was used, has expired, or is for another action',
    },
    prepare: ({ actor, body, params }) => {
      const {
        id,
        askedBy,
        action,
        body: asked,
        plan,
      } = confirmations.take(params.id ?? '', {
        actor,
        actionHash: body.actionHash,
      })
      return {
        detail: { ...plan.detail, confirmationId: id, askedBy, askedAction: action, asked },
        perform: () => plan.perform(actor.name),
      }
    },
  }),
]
