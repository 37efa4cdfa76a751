import { unreachable } from '#shared/kernel/error.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { followDesire } from './follow.ts'
import { onAccountEvent } from './on-account-event.ts'
import { onCommand } from './on-command.ts'
import { onMarketEvent } from './on-market-event.ts'
import { onTimer } from './on-timer.ts'
import type { TraderOutput, TraderState } from './trader.ts'

/**
 * The whole trader, as a function of what has happened.
 *
 * Live, paper, backtest and replay differ only in who feeds the events and who carries out the intents. Time
 * arrives inside the event: nothing here reads a clock, a socket or a random source, so the same events give the
 * same intents, byte for byte. `state` is mutated in place and `out` is appended to.
 */
export function step(state: TraderState, event: DomainEvent, out: TraderOutput): void {
  // Events of several streams may be stamped a moment apart; time never runs backwards in here.
  if (event.receiveTimeUs > state.nowUs) state.nowUs = event.receiveTimeUs
  dispatch(state, event, out)
  followAll(state, event, out)
}

function dispatch(state: TraderState, event: DomainEvent, out: TraderOutput): void {
  switch (event.kind) {
    case 'book-snapshot':
    case 'book-delta':
    case 'book-lost':
    case 'trade':
    case 'mark-price':
    case 'candle':
      return onMarketEvent(state, event)
    case 'order-accepted':
    case 'order-refused':
    case 'order-unknown':
    case 'order-closed':
    case 'order-report':
    case 'cancel-refused':
    case 'fill':
    case 'funding-paid':
    case 'balance-report':
    case 'position-report':
    case 'user-stream':
      return onAccountEvent(state, event, out)
    case 'timer':
      return onTimer(state, event, out)
    case 'command':
      return onCommand(state, event, out)
    default:
      return unreachable(event)
  }
}

/** Desires that changed are followed in the order in which they changed. */
function followAll(state: TraderState, event: DomainEvent, out: TraderOutput): void {
  const { dirty } = state
  for (let index = 0; index < dirty.length; index++) {
    const desire = dirty[index]!
    desire.isDirty = false
    followDesire(state, desire, event.kind, out)
  }
  dirty.length = 0
}
