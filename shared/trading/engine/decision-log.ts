import type { EventKind } from '#shared/market/event.ts'
import type { Order } from '../order/order.ts'
import type { Decision } from './decision.ts'
import type { Desire } from './desire.ts'
import type { TraderOutput, TraderState } from './trader.ts'

/** Writes why an order was placed or refused, with a copy of what the strategy had before it. */
export function logDecision(
  state: TraderState,
  desire: Desire,
  cause: {
    readonly verdict: Decision['verdict']
    readonly reason: string
    readonly order: Order
    readonly trigger: EventKind
  },
  out: TraderOutput,
): void {
  const seat = state.seats.find(({ strategy }) => strategy.name === desire.strategy)
  const { order } = cause
  out.decisions.push({
    sequence: ++state.decisionCount,
    atUs: state.nowUs,
    strategy: desire.strategy,
    instrumentId: desire.instrumentId,
    verdict: cause.verdict,
    reason: cause.reason,
    clientOrderId: cause.verdict === 'placed' ? order.clientOrderId : undefined,
    eventKind: cause.trigger,
    side: order.side,
    priceTicks: order.priceTicks,
    sizeLots: order.sizeLots,
    inputs: { ...seat?.strategy.inputs },
  })
}

/** Writes a change of the trader as a whole. */
export function logTraderDecision(
  state: TraderState,
  verdict: 'killed' | 'resumed' | 'limits-changed',
  reason: string,
  trigger: EventKind,
  out: TraderOutput,
  inputs: Decision['inputs'] = {},
): void {
  out.decisions.push({
    sequence: ++state.decisionCount,
    atUs: state.nowUs,
    strategy: 'trader',
    instrumentId: undefined,
    verdict,
    reason,
    clientOrderId: undefined,
    eventKind: trigger,
    side: undefined,
    priceTicks: undefined,
    sizeLots: undefined,
    inputs,
  })
}
