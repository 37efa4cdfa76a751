import type {
  AccountEvent,
  Fill,
  OrderClosed,
  PositionReport,
  UserStream,
} from '#shared/market/event.ts'
import {
  recordBalance,
  recordFill,
  recordFunding,
  recordOpeningPosition,
  unassigned,
} from '../ledger/ledger.ts'
import { isClosed, recordOrderEvent } from '../order/desk.ts'
import { logDecision } from './decision-log.ts'
import { touch } from './desire.ts'
import { recordFailure } from './follow.ts'
import { kill } from './kill.ts'
import { accrueLegs } from './legs.ts'
import { instrumentOf, type Seat, type TraderOutput, type TraderState } from './trader.ts'

/** Books first, then the order's life, then the strategy that owns it. */
export function onAccountEvent(state: TraderState, event: AccountEvent, out: TraderOutput): void {
  switch (event.kind) {
    case 'balance-report':
      return recordBalance(state.ledger, event)
    case 'position-report':
      if (!state.isStarted) return recordOpeningPosition(state.ledger, event)
      return comparePosition(state, event, out)
    case 'funding-paid':
      recordFunding(state.ledger, event)
      return
    case 'user-stream':
      return setUserStream(state, event)
    case 'fill':
      return onFill(state, event, out)
    default:
      moveOrder(state, event, out)
  }
}

/** The venue states positions only when every fill before was told: a difference is a fact we do not have. */
function comparePosition(state: TraderState, event: PositionReport, out: TraderOutput): void {
  const ours = state.ledger.positions[event.instrumentId]!.lots
  if (ours === event.positionLots || state.killedBecause !== undefined) return
  const { symbol } = instrumentOf(state, event.instrumentId)
  const reason = `${symbol}: the venue holds ${event.positionLots} lots for us, our books ${ours}`
  kill(state, reason, event.kind, out)
}

function setUserStream(state: TraderState, { accountId, isUp }: UserStream): void {
  state.isUserStreamUp[accountId] = isUp
  for (const { board } of state.seats)
    for (const desire of board.places) if (desire) touch(board, desire)
}

function onFill(state: TraderState, fill: Fill, out: TraderOutput): void {
  const owner = state.ownerByOrder.get(fill.clientOrderId) ?? unassigned
  const book = state.books[fill.instrumentId]!
  const midTwiceTicks = book.isLive ? book.bestBidTicks + book.bestAskTicks : undefined
  if (!recordFill(state.ledger, fill, owner, midTwiceTicks)) return

  const seat = seatOf(state, owner)
  endFilledWant(state, fill)
  // The strategy learns of the fill before its place is free again, or it would quote the same level twice.
  if (seat) {
    accrueLegs(state, seat)
    seat.strategy.on(fill, seat.view, seat.wants)
  }
  moveOrder(state, fill, out)
}

/** A quote that is filled in full has had its wish; whether it wants another is the strategy's to say. */
function endFilledWant(state: TraderState, fill: Fill): void {
  const entry = state.desk.open.get(fill.clientOrderId)
  const desire = state.desireByOrder.get(fill.clientOrderId)
  if (!entry || !desire || desire.kind !== 'quote') return
  if (entry.filledLots + fill.sizeLots >= entry.order.sizeLots) desire.isWanted = false
}

type OrderEvent = Exclude<
  AccountEvent,
  { kind: 'balance-report' | 'position-report' | 'funding-paid' | 'user-stream' }
>

function moveOrder(state: TraderState, event: OrderEvent, out: TraderOutput): void {
  const entry = recordOrderEvent(state.desk, event, state.nowUs)
  if (!entry) return cancelStranger(state, event, out)
  out.orderChanges.push(entry)
  const desire = state.desireByOrder.get(event.clientOrderId)
  if (!desire) return

  const closed = isClosed(entry.state)
  if (event.kind === 'order-refused') {
    recordFailure(state, desire)
    const reason = `venue refused: ${event.reason} (${event.code})`
    const { order } = entry
    if (desire.refusal !== reason)
      logDecision(state, desire, { verdict: 'refused', reason, order, trigger: event.kind }, out)
    desire.refusal = reason
  } else if (closed && entry.filledLots === 0 && expiredAtOnce(event)) {
    recordFailure(state, desire)
  } else if (entry.filledLots > 0 || entry.state === 'working') {
    desire.failures = 0
  }
  if (closed) state.desireByOrder.delete(event.clientOrderId)
  const seat = seatOf(state, desire.strategy)
  if (seat) touch(seat.board, desire)
}

/** An order this session did not place rests in the book: a late child of a dead session, or somebody's hand. */
function cancelStranger(state: TraderState, event: OrderEvent, out: TraderOutput): void {
  if (event.kind !== 'order-accepted' || !state.isStarted) return
  if (state.ownerByOrder.has(event.clientOrderId)) return
  for (const { id } of state.config.instruments)
    out.intents.push({ kind: 'cancel-all', instrumentId: id })
}

const expiredAtOnce = (event: OrderEvent): boolean =>
  (event as OrderClosed).status === 'expired' || event.kind === 'order-report'

const seatOf = (state: TraderState, name: string): Seat | undefined =>
  state.seats.find(({ strategy }) => strategy.name === name)
