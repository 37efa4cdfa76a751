import { z } from 'zod'
import { lotsFromDecimal, quoteE8FromDecimal, ticksFromDecimal } from '#shared/kernel/decimal.ts'
import type { Lots, Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { type Execution, feeFromWire } from './account.ts'
import { type OrderState, orderStatus, statusFromWire } from './order.ts'
import { decimalText, idNumber, idText, microsFromMs, readShape, timeMs } from './wire.ts'

export type OrderUpdate = {
  readonly kind: 'order'
  readonly eventTimeUs: Micros
  readonly instrument: Instrument
  readonly clientOrderId: string
  readonly venueOrderId: string
  readonly status: OrderState['status']
  readonly filledLots: Lots
  /** Set when this update is an execution. */
  readonly execution: Execution | undefined
}

export type AccountUpdate = {
  readonly kind: 'account'
  readonly eventTimeUs: Micros
  /** `ORDER`, `FUNDING_FEE`, `DEPOSIT`, … */
  readonly reason: string
  readonly wallets: readonly { readonly asset: string; readonly walletE8: QuoteE8 }[]
}

export type UserMessage =
  | OrderUpdate
  | AccountUpdate
  | { readonly kind: 'listen-key-expired' }
  /** Something this client does not act on, or an instrument it does not trade. */
  | { readonly kind: 'ignored'; readonly what: string }

const headMessage = z.object({ e: z.string() })

const orderUpdateMessage = z.object({
  E: timeMs,
  T: timeMs,
  o: z.object({
    s: z.string(),
    c: z.string(),
    S: z.enum(['BUY', 'SELL']),
    x: z.string(),
    X: orderStatus,
    i: idText,
    l: decimalText,
    z: decimalText,
    L: decimalText,
    N: z.string().nullish(),
    n: decimalText.nullish(),
    T: timeMs,
    t: idNumber,
    m: z.boolean(),
    rp: decimalText.nullish(),
  }),
})

const accountUpdateMessage = z.object({
  E: timeMs,
  T: timeMs,
  a: z.object({
    m: z.string(),
    B: z.array(z.object({ a: z.string(), wb: decimalText })).optional(),
  }),
})

/**
 * Reads one frame of the user stream.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN, PRICE_OFF_GRID, SIZE_OFF_GRID, VENUE_REFUSED (foreign fee asset)
 */
export function readUserMessage(
  raw: unknown,
  instrumentBySymbol: ReadonlyMap<string, Instrument>,
): UserMessage {
  const { e } = readShape(headMessage, raw, 'user stream frame')
  if (e === 'ORDER_TRADE_UPDATE') return readOrderUpdate(raw, instrumentBySymbol)
  if (e === 'ACCOUNT_UPDATE') return readAccountUpdate(raw)
  if (e === 'listenKeyExpired') return { kind: 'listen-key-expired' }
  return { kind: 'ignored', what: e }
}

function readOrderUpdate(
  raw: unknown,
  instrumentBySymbol: ReadonlyMap<string, Instrument>,
): UserMessage {
  const { T, o } = readShape(orderUpdateMessage, raw, 'ORDER_TRADE_UPDATE')
  const instrument = instrumentBySymbol.get(o.s)
  if (!instrument) return { kind: 'ignored', what: `order on ${o.s}` }
  const isExecution = o.x === 'TRADE' || o.x === 'CALCULATED'
  return {
    kind: 'order',
    eventTimeUs: microsFromMs(T),
    instrument,
    clientOrderId: o.c,
    venueOrderId: o.i,
    status: statusFromWire(o.X),
    filledLots: lotsFromDecimal(o.z, instrument.sizeGrid),
    execution: isExecution ? readExecution(o, instrument) : undefined,
  }
}

const readExecution = (
  o: z.infer<typeof orderUpdateMessage>['o'],
  instrument: Instrument,
): Execution => ({
  tradeId: o.t,
  venueOrderId: o.i,
  side: o.S === 'BUY' ? 'buy' : 'sell',
  priceTicks: ticksFromDecimal(o.L, instrument.priceGrid),
  sizeLots: lotsFromDecimal(o.l, instrument.sizeGrid),
  isMaker: o.m,
  feeE8: feeFromWire(o.n ?? '0', o.N ?? '', o.m, instrument),
  realisedPnlE8: quoteE8FromDecimal(o.rp ?? '0'),
  timeUs: microsFromMs(o.T),
})

function readAccountUpdate(raw: unknown): AccountUpdate {
  const { T, a } = readShape(accountUpdateMessage, raw, 'ACCOUNT_UPDATE')
  return {
    kind: 'account',
    eventTimeUs: microsFromMs(T),
    reason: a.m,
    wallets: (a.B ?? []).map((b) => ({ asset: b.a, walletE8: quoteE8FromDecimal(b.wb) })),
  }
}
