import { microsPerSecond } from '#shared/kernel/unit.ts'
import type {
  CancelRefused,
  Fill,
  OrderAccepted,
  OrderClosed,
  OrderRefused,
  OrderReport,
  OrderUnknown,
} from '#shared/market/event.ts'
import type { InstrumentId, Side } from '#shared/market/instrument.ts'
import type { Order } from './order.ts'

/**
 * Where an order stands. Open states count as exposure:
 * `pending` sent, no answer · `working` in the book · `canceling` cancel sent · `unknown` the venue must be asked ·
 * `settling` gone from the book, fills of it still to arrive.
 */
export type OrderState =
  | 'pending'
  | 'working'
  | 'canceling'
  | 'unknown'
  | 'settling'
  | 'filled'
  | 'canceled'
  | 'expired'
  | 'refused'

export type DeskOrder = {
  readonly order: Order
  state: OrderState
  filledLots: number
  /** The venue's own total, when it has told one. */
  venueFilledLots: number | undefined
  /** The state to take once all fills have arrived. */
  closingAs: 'filled' | 'canceled' | 'expired'
  /** True once the venue has said that it has the order. */
  wasAccepted: boolean
  readonly placedUs: number
  changedUs: number
  /** When to ask the venue next; Infinity when there is nothing to ask. */
  queryAtUs: number
  queryCount: number
  reason: string
}

/** All orders that may still be exposed. Closed ones leave. */
export type Desk = {
  readonly open: Map<string, DeskOrder>
  /** Placed so far this session; the sequence of the next id. */
  sequence: number
}

/** First wait before asking about an unknown order; doubles up to the second figure. */
const queryDelayUs = microsPerSecond
const queryDelayUsMax = 10 * microsPerSecond
/** A cancel that got no answer, or fills that do not arrive, are asked about after this. */
const answerPatienceUs = 5 * microsPerSecond

export const createDesk = (): Desk => ({ open: new Map(), sequence: 0 })

/** Lots of an order that may still fill. */
export function exposedLots({ order, state, filledLots, venueFilledLots }: DeskOrder): number {
  return state === 'settling'
    ? Math.max(0, (venueFilledLots ?? 0) - filledLots)
    : order.sizeLots - filledLots
}

/** Lots working on one side of an instrument over all strategies, counting every doubt as exposure. */
export function workingLots(desk: Desk, id: InstrumentId, side: Side, strategy?: string): number {
  let lots = 0
  for (const entry of desk.open.values()) {
    const { order } = entry
    if (order.instrumentId !== id || order.side !== side) continue
    if (strategy !== undefined && order.strategy !== strategy) continue
    lots += exposedLots(entry)
  }
  return lots
}

export function recordPlaced(desk: Desk, order: Order, nowUs: number, reason: string): DeskOrder {
  const entry: DeskOrder = {
    order,
    state: 'pending',
    filledLots: 0,
    venueFilledLots: undefined,
    closingAs: 'canceled',
    wasAccepted: false,
    placedUs: nowUs,
    changedUs: nowUs,
    // The gateway answers or says unknown; this only guards against a lost answer inside our own process.
    queryAtUs: nowUs + 6 * answerPatienceUs,
    queryCount: 0,
    reason,
  }
  desk.open.set(order.clientOrderId, entry)
  return entry
}

export function recordCancelSent(entry: DeskOrder, nowUs: number): void {
  move(entry, 'canceling', nowUs, entry.reason)
  entry.queryAtUs = nowUs + answerPatienceUs
}

type OrderEvent =
  | OrderAccepted
  | OrderRefused
  | OrderUnknown
  | Fill
  | OrderClosed
  | OrderReport
  | CancelRefused

/**
 * Moves an order on by what the venue said. Events may come in any order and more than once.
 *
 * @returns the order when its state or fill changed; undefined when the event told nothing new or is not ours
 */
export function recordOrderEvent(
  desk: Desk,
  event: OrderEvent,
  nowUs: number,
): DeskOrder | undefined {
  const entry = desk.open.get(event.clientOrderId)
  if (!entry) return undefined
  const before = entry.state
  const filledBefore = entry.filledLots
  apply(entry, event, nowUs)
  if (isClosed(entry.state)) desk.open.delete(event.clientOrderId)
  return entry.state !== before || entry.filledLots !== filledBefore ? entry : undefined
}

function apply(entry: DeskOrder, event: OrderEvent, nowUs: number): void {
  switch (event.kind) {
    case 'order-accepted':
      entry.wasAccepted = true
      if (entry.state === 'pending' || (entry.state === 'unknown' && entry.filledLots === 0))
        settleInto(entry, 'working', nowUs)
      return
    case 'order-refused':
      if (!entry.wasAccepted && entry.filledLots === 0) move(entry, 'refused', nowUs, event.reason)
      return
    case 'order-unknown':
      if (entry.state === 'pending') askSoon(entry, nowUs, event.reason)
      return
    case 'cancel-refused':
      // Gone, filled or never there: only the venue can tell which.
      if (entry.state === 'canceling') askSoon(entry, nowUs, event.reason)
      return
    case 'fill':
      entry.filledLots += event.sizeLots
      entry.wasAccepted = true
      entry.changedUs = nowUs
      if (entry.filledLots >= entry.order.sizeLots) move(entry, 'filled', nowUs, 'filled')
      else if (entry.state === 'settling') close(entry, nowUs)
      else if (entry.state === 'pending') settleInto(entry, 'working', nowUs)
      return
    case 'order-closed':
      entry.wasAccepted = true
      entry.venueFilledLots = event.filledLots
      entry.closingAs = event.status
      close(entry, nowUs)
      return
    case 'order-report':
      applyReport(entry, event, nowUs)
  }
}

function applyReport(entry: DeskOrder, report: OrderReport, nowUs: number): void {
  if (report.status === 'absent') {
    // The gateway says absent only when the order can no longer arrive. One that filled was there: ask again.
    if (entry.filledLots > 0) askSoon(entry, nowUs, 'filled, yet not known to the venue')
    else move(entry, entry.wasAccepted ? 'canceled' : 'refused', nowUs, 'not known to the venue')
    return
  }
  entry.wasAccepted = true
  entry.venueFilledLots = report.filledLots
  if (report.status === 'working') {
    settleInto(entry, 'working', nowUs)
    return
  }
  entry.closingAs = report.status
  close(entry, nowUs)
}

/** Closes for good once every fill the venue counts has arrived; until then the rest stays exposed. */
function close(entry: DeskOrder, nowUs: number): void {
  if ((entry.venueFilledLots ?? 0) <= entry.filledLots) {
    move(entry, entry.closingAs, nowUs, entry.closingAs)
    return
  }
  move(entry, 'settling', nowUs, 'waiting for fills')
  entry.queryAtUs = nowUs + answerPatienceUs
}

function settleInto(entry: DeskOrder, state: OrderState, nowUs: number): void {
  move(entry, state, nowUs, entry.reason)
  entry.queryAtUs = Number.POSITIVE_INFINITY
  entry.queryCount = 0
}

function askSoon(entry: DeskOrder, nowUs: number, reason: string): void {
  move(entry, 'unknown', nowUs, reason)
  const delayUs = Math.min(queryDelayUs * 2 ** entry.queryCount, queryDelayUsMax)
  entry.queryAtUs = nowUs + delayUs
}

function move(entry: DeskOrder, state: OrderState, nowUs: number, reason: string): void {
  if (entry.state !== state) entry.changedUs = nowUs
  entry.state = state
  entry.reason = reason
}

export const isClosed = (state: OrderState): boolean =>
  state === 'filled' || state === 'canceled' || state === 'expired' || state === 'refused'
