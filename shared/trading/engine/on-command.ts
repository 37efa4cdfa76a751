import { unreachable } from '#shared/kernel/error.ts'
import type { Command } from '#shared/market/event.ts'
import { logTraderDecision } from './decision-log.ts'
import { touch } from './desire.ts'
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
    default:
      return unreachable(event.command)
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
