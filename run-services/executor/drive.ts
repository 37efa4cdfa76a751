import type { DomainEvent } from '#shared/market/event.ts'
import { createIntentHash } from '#shared/trading/engine/intent-hash.ts'
import { step } from '#shared/trading/engine/step.ts'
import {
  clearOutput,
  createOutput,
  type TraderOutput,
  type TraderState,
} from '#shared/trading/engine/trader.ts'

export type Drive = {
  /** Feeds one event and hands over what came of it. Events that arrive meanwhile wait their turn. */
  receive(event: DomainEvent): void
  intentsHash(): string
  readonly intentCount: number
  readonly eventCount: number
}

/**
 * The loop around `step`, the same for a live session and for its replay.
 *
 * @param before - called with each event before it is stepped, e.g. to record it
 * @param carryOut - called after each step whose output is not empty; the output is emptied afterwards
 */
export function createDrive(
  state: TraderState,
  before: (event: DomainEvent) => void,
  carryOut: (out: TraderOutput, event: DomainEvent) => void,
): Drive {
  const out = createOutput()
  const hash = createIntentHash()
  const waiting: DomainEvent[] = []
  let isBusy = false
  let eventCount = 0

  const run = (event: DomainEvent) => {
    eventCount++
    before(event)
    step(state, event, out)
    for (const intent of out.intents) hash.add(intent)
    carryOut(out, event)
    clearOutput(out)
  }

  return {
    receive(event) {
      // A gateway may answer while it is being asked; such answers carry no shared buffers and can wait.
      if (isBusy) {
        waiting.push(event)
        return
      }
      isBusy = true
      try {
        run(event)
        for (let next = waiting.shift(); next; next = waiting.shift()) run(next)
      } finally {
        isBusy = false
      }
    },
    intentsHash: hash.digest,
    get intentCount() {
      return hash.count
    },
    get eventCount() {
      return eventCount
    },
  }
}
