import { createHash } from 'node:crypto'
import type { Clock } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMinute } from '#shared/kernel/unit.ts'
import type { Plan } from '../api/route.ts'
import { canonicalJson } from '../audit/canonical.ts'
import { Refusal } from '../refusal.ts'
import type { Actor } from './actor.ts'

/** An action that waits for the word of a second admin. */
export type Confirmation = {
  readonly id: string
  /** Whoever asked; somebody else must confirm. */
  readonly askedBy: string
  readonly action: string
  readonly body: unknown
  /** SHA-256 over action and body: the second admin repeats it, and so confirms exactly what they saw. */
  readonly actionHash: string
  readonly expiresAtUs: Micros
  readonly plan: Plan
}

export type Confirmations = {
  /** @throws Refusal 409 when too many wait already */
  ask(asked: {
    readonly actor: Actor
    readonly action: string
    readonly body: unknown
    readonly plan: Plan
  }): Confirmation
  /** Those that wait, oldest first. */
  waiting(): readonly Confirmation[]
  /**
   * Uses one up: whatever follows, the same id never works again.
   *
   * @throws Refusal 404 when unknown, 409 when used, expired or of another action, 403 by whoever asked
   */
  take(id: string, given: { readonly actor: Actor; readonly actionHash: string }): Confirmation
}

const lifetimeUs = 5 * microsPerMinute
const waitingMax = 20
/** Ids that ended are remembered, so that a replay is named as one. */
const endedMax = 1_000

/** Kept in memory on purpose: a restart forgets what waits, and nothing happens without being asked for again. */
export function createConfirmations(ports: {
  readonly clock: Clock
  readonly randomId: () => string
}): Confirmations {
  const open = new Map<string, Confirmation>()
  const ended = new Set<string>()

  const end = (id: string) => {
    open.delete(id)
    ended.add(id)
    if (ended.size > endedMax) for (const oldest of [...ended].slice(0, 1)) ended.delete(oldest)
  }
  const endExpired = () => {
    const nowUs = ports.clock.nowUs()
    for (const { id, expiresAtUs } of [...open.values()]) if (expiresAtUs <= nowUs) end(id)
  }

  return {
    ask({ actor, action, body, plan }) {
      endExpired()
      if (open.size >= waitingMax)
        throw new Refusal(
          409,
          `${waitingMax} actions wait already`,
          'confirm them or let them expire',
        )
      const confirmation: Confirmation = {
        id: ports.randomId(),
        askedBy: actor.name,
        action,
        body,
        actionHash: createHash('sha256').update(canonicalJson({ action, body })).digest('hex'),
        expiresAtUs: (ports.clock.nowUs() + lifetimeUs) as Micros,
        plan,
      }
      open.set(confirmation.id, confirmation)
      return confirmation
    },
    waiting() {
      endExpired()
      return [...open.values()]
    },
    take(id, { actor, actionHash }) {
      endExpired()
      if (ended.has(id))
        throw new Refusal(
          409,
          'this confirmation was used or has expired',
          'ask for the action again',
        )
      const confirmation = open.get(id)
      if (!confirmation)
        throw new Refusal(
          404,
          'no such confirmation waits',
          'list them with GET /api/confirmations',
        )
      if (confirmation.askedBy === actor.name)
        throw new Refusal(403, 'whoever asked cannot confirm', 'a second admin must confirm')
      if (confirmation.actionHash !== actionHash)
        throw new Refusal(
          409,
          'the confirmation is for another action than the one sent',
          'read GET /api/confirmations again and send its actionHash',
        )
      end(id)
      return confirmation
    },
  }
}
