import type { EventKind } from '#shared/market/event.ts'
import { recordCancelSent } from '../order/desk.ts'
import { logTraderDecision } from './decision-log.ts'
import { touch } from './desire.ts'
import type { TraderOutput, TraderState } from './trader.ts'

/**
 * Stops all trading and cancels everything, also orders we may have forgotten. The first reason stands; only an
 * operator's resume lifts it.
 */
export function kill(
  state: TraderState,
  reason: string,
  trigger: EventKind,
  out: TraderOutput,
): void {
  if (state.killedBecause === undefined) {
    state.killedBecause = reason
    logTraderDecision(state, 'killed', reason, trigger, out)
  }
  cancelEverything(state, out)
}

/** One sweep per instrument at the venue; orders still on their way are canceled when they arrive. */
export function cancelEverything(state: TraderState, out: TraderOutput): void {
  for (const { id } of state.config.instruments)
    out.intents.push({ kind: 'cancel-all', instrumentId: id })
  for (const entry of state.desk.open.values()) {
    if (entry.state !== 'working') continue
    recordCancelSent(entry, state.nowUs)
    out.orderChanges.push(entry)
  }
  for (const { board } of state.seats)
    for (const desire of board.places) if (desire) touch(board, desire)
}
