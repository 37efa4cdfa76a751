import { type Lots, microsPerMilli, microsPerSecond, type Ticks } from '#shared/kernel/unit.ts'
import type { EventKind } from '#shared/market/event.ts'
import { sizeLotsMinAt } from '#shared/market/instrument.ts'
import { clientOrderId } from '../order/client-order-id.ts'
import { type DeskOrder, recordCancelSent, recordPlaced } from '../order/desk.ts'
import type { Order } from '../order/order.ts'
import { reviewOrder } from '../risk/review.ts'
import { logDecision } from './decision-log.ts'
import type { Desire } from './desire.ts'
import { exposureOf } from './exposure.ts'
import { missingLots, netWith } from './net.ts'
import { instrumentOf, isTrading, type TraderOutput, type TraderState } from './trader.ts'

/** A want that review refused is looked at again after this, or a standing refusal would be asked each tick. */
const refusalPauseUs = microsPerSecond
const failurePauseUs = 100 * microsPerMilli
const failurePauseUsMax = 10 * microsPerSecond
/** Owners of orders remembered for late fills. */
const ownersKept = 100_000

/**
 * Brings the order in one place in line with the desire: cancels what should not rest there, waits for answers,
 * places what is missing. One place never holds two orders.
 */
export function followDesire(
  state: TraderState,
  desire: Desire,
  trigger: EventKind,
  out: TraderOutput,
): void {
  const live = desire.clientOrderId ? state.desk.open.get(desire.clientOrderId) : undefined
  if (live) {
    if (live.state === 'working' && !mayStay(state, desire, live)) cancel(state, live, out)
    return
  }
  desire.clientOrderId = undefined
  if (!mayPlace(state, desire) || state.nowUs < desire.notBeforeUs) return

  const order = desire.kind === 'quote' ? quoteOrder(state, desire) : targetOrder(state, desire)
  if (order) place(state, desire, order, trigger, out)
}

/** Is there anything left to do once time has passed? */
export const isUnsettled = (state: TraderState, desire: Desire): boolean =>
  desire.clientOrderId !== undefined || mayPlace(state, desire)

/** A refusal or expiry at the venue: wait longer each time before trying again. */
export function recordFailure(state: TraderState, desire: Desire): void {
  const pauseUs = Math.min(failurePauseUs * 2 ** desire.failures, failurePauseUsMax)
  desire.failures = Math.min(desire.failures + 1, 30)
  desire.notBeforeUs = state.nowUs + pauseUs
}

export function cancel(state: TraderState, entry: DeskOrder, out: TraderOutput): void {
  const { instrumentId, clientOrderId: id } = entry.order
  recordCancelSent(entry, state.nowUs)
  out.intents.push({ kind: 'cancel', instrumentId, clientOrderId: id })
  out.orderChanges.push(entry)
}

const mayPlace = (state: TraderState, desire: Desire): boolean =>
  desire.isWanted &&
  !state.isPulled[desire.instrumentId] &&
  // Fills would be told late: what rests is taken back, not only nothing new placed.
  state.isUserStreamUp[instrumentOf(state, desire.instrumentId).accountId] === true &&
  (isTrading(state) || (state.isFlattening && !state.isStopping && desire.kind === 'target'))

function mayStay(state: TraderState, desire: Desire, live: DeskOrder): boolean {
  if (!mayPlace(state, desire)) return false
  const { order } = live
  const isSame =
    order.side === desire.side &&
    order.priceTicks === desire.priceTicks &&
    order.sizeLots === desire.sizeLots
  if (desire.kind === 'target' || isSame) return true
  // Better a slightly old quote than a queue place given up several times a second.
  return state.nowUs - live.placedUs < state.config.requoteUsMin
}

function quoteOrder(state: TraderState, desire: Desire): Order {
  return {
    clientOrderId: nextId(state, desire),
    strategy: desire.strategy,
    instrumentId: desire.instrumentId,
    side: desire.side,
    timeInForce: 'GTX',
    priceTicks: desire.priceTicks as Ticks,
    sizeLots: desire.sizeLots as Lots,
    reduceOnly: false,
  }
}

/** The immediate-or-cancel order for what is missing to the target; undefined when the target is met. */
function targetOrder(state: TraderState, desire: Desire): Order | undefined {
  const instrument = instrumentOf(state, desire.instrumentId)
  if (isTrading(state)) netWith(state, desire)
  const missing = missingLots(state, desire)
  const held = desire.targetLots - missing
  const sizeLots = Math.min(Math.abs(missing), instrument.marketSizeLotsMax)
  if (sizeLots < instrument.sizeLotsMin) return undefined

  // The venue nets all strategies: it takes a reduce-only order only when the account's own position shrinks too.
  const net = state.ledger.positions[desire.instrumentId]!.lots
  const shrinks = (position: number) => position * missing < 0 && sizeLots <= Math.abs(position)
  const reduceOnly = shrinks(held) && shrinks(net)
  if (!reduceOnly && sizeLots < sizeLotsMinAt(instrument, desire.priceTicks)) return undefined
  desire.side = missing > 0 ? 'buy' : 'sell'
  const priceTicks = insideOwnQuotes(state, desire)
  return {
    clientOrderId: nextId(state, desire),
    strategy: desire.strategy,
    instrumentId: desire.instrumentId,
    side: desire.side,
    timeInForce: 'IOC',
    priceTicks: priceTicks as Ticks,
    sizeLots: sizeLots as Lots,
    reduceOnly,
  }
}

/** A target takes only what is better than our own resting orders: trading with ourselves moves nothing. */
function insideOwnQuotes(state: TraderState, desire: Desire): number {
  let priceTicks = desire.priceTicks
  for (const { order } of state.desk.open.values()) {
    if (order.instrumentId !== desire.instrumentId || order.side === desire.side) continue
    priceTicks =
      desire.side === 'buy'
        ? Math.min(priceTicks, order.priceTicks - 1)
        : Math.max(priceTicks, order.priceTicks + 1)
  }
  return priceTicks
}

const nextId = (state: TraderState, desire: Desire): string =>
  clientOrderId(desire.strategy, state.config.epoch, state.desk.sequence + 1)

function place(
  state: TraderState,
  desire: Desire,
  order: Order,
  trigger: EventKind,
  out: TraderOutput,
): void {
  const instrument = instrumentOf(state, order.instrumentId)
  const verdict = reviewOrder(order, instrument, exposureOf(state, order), state.limits)
  if (verdict.verdict === 'refused') {
    // A cross with our own order ends as soon as that one is canceled; other refusals last.
    const isBrief = verdict.reason === 'self-cross'
    desire.notBeforeUs = state.nowUs + (isBrief ? failurePauseUs : refusalPauseUs)
    if (desire.refusal === verdict.reason) return
    desire.refusal = verdict.reason
    logDecision(state, desire, { verdict: 'refused', reason: verdict.reason, order, trigger }, out)
    return
  }

  state.desk.sequence++
  desire.refusal = undefined
  desire.clientOrderId = order.clientOrderId
  desire.notBeforeUs = state.nowUs + state.config.requoteUsMin
  state.desireByOrder.set(order.clientOrderId, desire)
  state.ownerByOrder.set(order.clientOrderId, order.strategy)
  if (state.ownerByOrder.size > ownersKept)
    state.ownerByOrder.delete(state.ownerByOrder.keys().next().value!)
  out.orderChanges.push(recordPlaced(state.desk, order, state.nowUs, desire.reason))
  out.intents.push({ kind: 'place', order: verdict.order })
  logDecision(state, desire, { verdict: 'placed', reason: desire.reason, order, trigger }, out)
}
