import { unreachable } from '#shared/kernel/error.ts'
import type { Command, LimitsCommand } from '#shared/market/event.ts'
import { changeLimits } from '../risk/limits.ts'
import { logTraderDecision } from './decision-log.ts'
import { touch } from './desire.ts'
import { cancel } from './follow.ts'
import { cancelEverything, kill } from './kill.ts'
import type { TraderOutput, TraderState } from './trader.ts'

export function onCommand(state: TraderState, event: Command, out: TraderOutput): void {
  switch (event.command) {
    case 'start':
      state.isStarted = true
      return
    case 'kill':
      return kill(state, event.reason, event.kind, out)
    case 'flatten':
      state.isFlattening = true
      return kill(state, event.reason, event.kind, out)
    case 'resume':
      return resume(state, event, out)
    case 'stop':
      return stop(state, out)
    case 'limits':
      return moveLimits(state, event, out)
    default:
      return unreachable(event)
  }
}

function resume(state: TraderState, event: Command, out: TraderOutput): void {
  if (state.killedBecause === undefined) return
  state.killedBecause = undefined
  state.isFlattening = false
  for (const desire of state.flattenDesires.values()) desire.isWanted = false
  state.flattenDesires.clear()
  // Portfolio stops are measured anew: the operator has seen the loss and goes on.
  state.watch.dayStartEquityE8 = undefined
  state.watch.peakEquityE8 = undefined
  logTraderDecision(state, 'resumed', event.reason, event.kind, out)
  for (const { board } of state.seats)
    for (const desire of board.places) if (desire) touch(board, desire)
}

function stop(state: TraderState, out: TraderOutput): void {
  if (state.isStopping) return
  state.isStopping = true
  cancelEverything(state, out)
}

/** What works was approved under the old limits: it is canceled, and what is still wanted is reviewed under the new. */
function moveLimits(state: TraderState, event: LimitsCommand, out: TraderOutput): void {
  state.limits = changeLimits(state.config.limits, state.limits, event.limits)
  logTraderDecision(state, 'limits-changed', event.reason, event.kind, out, { ...state.limits })
  for (const entry of state.desk.open.values())
    if (entry.state === 'working') cancel(state, entry, out)
}
