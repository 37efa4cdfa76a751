import { z } from 'zod'
import type { CommandMessage, TradingState } from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Limits } from '#shared/trading/risk/limits.ts'
import { mayActAs } from '../auth/actor.ts'
import { Refusal } from '../refusal.ts'
import { reasonSchema } from './reading.ts'
import { type ApiRoute, changeRoute, jsonAnswer, type Plan } from './route.ts'

export type TradingPorts = {
  readonly bus: Pick<Bus, 'publish' | 'flush'>
  readonly clock: Clock
  /** What the executor says of itself; undefined before it has spoken. */
  readonly readTrading: () => TradingState | undefined
  /** True where a resume turns real money on and more than one person can be told apart. */
  readonly needsSecondAdmin: () => boolean
}

const acceptedSchema = z.object({ accepted: z.string(), at: z.int() })

const ratio = z.number().positive().finite()
const limitFields = {
  positionRatioMax: ratio.optional(),
  concentrationRatioMax: ratio.optional(),
  leverageMax: ratio.optional(),
  dailyLossRatioMax: ratio.optional(),
  drawdownRatioMax: ratio.optional(),
} satisfies Record<keyof Limits, z.ZodType>

/** What changes trading. All of it goes over the bus to the executor, which has the last word. */
export const tradingRoutes = (ports: TradingPorts): readonly ApiRoute[] => {
  /** Kills and their kin that went out from here. */
  let stops = 0
  return [
    changeRoute({
      method: 'post',
      path: '/api/commands',
      room: 'trading',
      action: 'command',
      summary: 'Kill, pause, flatten or resume',
      description:
        '`kill` cancels every order and places nothing more until somebody resumes, also after a restart; positions stay open. ' +
        '`pause` is the same stop, with its reason marked as a pause. `flatten` kills and closes positions at the market. ' +
        '`resume` needs an admin; in live it is not carried out until a second admin confirms it.',
      role: 'operator',
      body: z.strictObject({
        command: z.enum(['kill', 'pause', 'flatten', 'resume']),
        reason: reasonSchema,
      }),
      bodyExample: { command: 'kill', reason: 'exchange announces maintenance' },
      replies: {
        202: {
          what: 'sent to the executor; or, in live, waiting for a second admin',
          schema: z.union([
            acceptedSchema,
            z.object({
              awaits: z.literal('a second admin'),
              confirmationId: z.string(),
              actionHash: z.string(),
              expiresAt: z.int(),
            }),
          ]),
          example: { accepted: 'kill', at: 1_790_000_000_000_000 },
        },
      },
      refusals: { 403: 'resume by somebody who is no admin' },
      prepare: ({ actor, body: { command, reason } }) => {
        if (command === 'resume' && !mayActAs(actor.role, 'admin'))
          throw new Refusal(
            403,
            `${actor.name} is ${actor.role}, resume needs admin`,
            'ask an admin',
          )
        const sent = command === 'pause' ? 'kill' : command
        const why = command === 'pause' ? `paused: ${reason}` : reason
        const asked = { stops, because: ports.readTrading()?.reason }
        return {
          isStop: command !== 'resume',
          needsSecondAdmin: command === 'resume' && ports.needsSecondAdmin(),
          perform: async (confirmedBy) => {
            const because = ports.readTrading()?.reason
            const isOther = asked.because !== undefined && because !== asked.because
            if (confirmedBy !== undefined && (isOther || stops !== asked.stops))
              throw new Refusal(
                409,
                'trading was stopped again since this resume was asked for',
                'look at the new reason, then ask for the resume again',
              )
            if (command !== 'resume') stops++
            return await send(ports, command, {
              command: sent,
              reason: why,
              by: confirmedBy === undefined ? actor.name : `${actor.name} and ${confirmedBy}`,
              at: ports.clock.nowUs(),
            })
          },
        }
      },
    }),
    changeRoute({
      method: 'post',
      path: '/api/limits',
      room: 'trading',
      action: 'limits',
      summary: 'Tighten the limits, or give back what was tightened',
      description:
        'Each limit may be anything above zero up to the ceiling the executor was started with; what is left out stays. ' +
        'Working orders are canceled and reviewed anew. Positions that are over a new limit may only shrink. ' +
        'What was tightened stays so after a restart.',
      role: 'admin',
      body: z.strictObject({ ...limitFields, reason: reasonSchema }),
      bodyExample: { positionRatioMax: 0.02, reason: 'thin books over the weekend' },
      replies: {
        202: {
          what: 'sent to the executor',
          schema: acceptedSchema,
          example: { accepted: 'limits', at: 1_790_000_000_000_000 },
        },
      },
      refusals: {
        400: 'no limit is named, or one is over its ceiling',
        503: 'the executor has not said its ceilings yet',
      },
      prepare: ({ actor, body: { reason, ...given } }): Plan => {
        const limits = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value !== undefined),
        ) as Partial<Limits>
        checkLimits(limits, ports.readTrading()?.limits?.ceiling)
        const by = actor.name
        return {
          perform: () =>
            send(ports, 'limits', {
              command: 'limits',
              limits,
              reason,
              by,
              at: ports.clock.nowUs(),
            }),
        }
      },
    }),
  ]
}

function checkLimits(limits: Partial<Limits>, ceiling: Limits | undefined): void {
  const named = Object.entries(limits) as [keyof Limits, number][]
  if (named.length === 0)
    throw new Refusal(
      400,
      'no limit is named',
      `name one or more of ${Object.keys(limitFields).join(', ')}`,
    )
  if (!ceiling)
    throw new Refusal(
      503,
      'the executor has not said its limits yet, so there is no ceiling to check against',
      'try again when the executor runs',
    )
  for (const [name, value] of named)
    if (value > ceiling[name])
      throw new Refusal(
        400,
        `${name} ${value} is over its ceiling of ${ceiling[name]}`,
        'send a lower one; the ceiling is set when the executor is started',
      )
}

async function send(ports: TradingPorts, accepted: string, message: CommandMessage) {
  ports.bus.publish('commands', message satisfies Message)
  // Accepted means that the platform has it, not that we have tried.
  await ports.bus.flush('commands')
  return jsonAnswer({ accepted, at: message.at }, 202)
}
