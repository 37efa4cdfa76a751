import { decimalFromQuoteE8 } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import { lastPriceE8, type TraderState } from '#shared/trading/engine/trader.ts'
import type { AccountCheck } from '#shared/trading/ledger/account-check.ts'
import { type PnlSplit, type SubBook, splitPnl } from '#shared/trading/ledger/sub-book.ts'

/** P&L of one strategy; money as decimal strings in quote. `pnl = spread + price − fees + funding`. */
export type StrategySummary = {
  readonly orders: number
  readonly fills: number
  /** Fraction of the traded notional that was maker; null when nothing traded. */
  readonly makerShare: number | null
  readonly pnl: string
  readonly spread: string
  readonly price: string
  readonly fees: string
  readonly funding: string
}

export type RunSummary = {
  readonly runId: string
  readonly mode: 'paper' | 'live'
  readonly seconds: number
  readonly events: number
  readonly orders: number
  readonly fills: number
  readonly makerShare: number | null
  readonly pnl: StrategySummary
  readonly byStrategy: Readonly<Record<string, StrategySummary>>
  readonly killed: string | null
  readonly intents: number
  readonly intentsHash: string
  /** Placed or canceled without a final answer of the venue: they may rest there. */
  readonly ordersUnknown: readonly string[]
  readonly accountCheck: AccountCheck & {
    /** Nobody could be asked: neither agreement nor difference is known. */
    readonly isUnknown?: true
  }
}

type Totals = {
  fills: number
  makerE8: QuoteE8
  takerE8: QuoteE8
  pnlE8: QuoteE8
  spreadE8: QuoteE8
  priceE8: QuoteE8
  feesE8: QuoteE8
  fundingE8: QuoteE8
}

const zeroTotals = (): Totals => ({
  fills: 0,
  makerE8: 0n,
  takerE8: 0n,
  pnlE8: 0n,
  spreadE8: 0n,
  priceE8: 0n,
  feesE8: 0n,
  fundingE8: 0n,
})

/** P&L by strategy and in total, from the sub-books and the last marks. */
export function summariseTrader(
  state: TraderState,
  ordersByStrategy: ReadonlyMap<string, number>,
): { total: StrategySummary; byStrategy: Record<string, StrategySummary> } {
  const total = zeroTotals()
  const byStrategy: Record<string, StrategySummary> = {}
  let orders = 0
  const names = new Set([
    ...state.seats.map(({ strategy }) => strategy.name),
    ...state.ledger.subBooks.keys(),
  ])
  for (const name of names) {
    const own = zeroTotals()
    for (const [id, book] of state.ledger.subBooks.get(name) ?? []) {
      const split = splitPnl(book, lastPriceE8(state, id))
      addUp(own, book, split)
      addUp(total, book, split)
    }
    const placed = ordersByStrategy.get(name) ?? 0
    orders += placed
    byStrategy[name] = toSummary(own, placed)
  }
  return { total: toSummary(total, orders), byStrategy }
}

function addUp(totals: Totals, book: SubBook, split: PnlSplit): void {
  totals.fills += book.makerFills + book.takerFills
  totals.makerE8 += book.makerNotionalE8
  totals.takerE8 += book.takerNotionalE8
  totals.pnlE8 += split.pnlE8
  totals.spreadE8 += split.spreadE8
  totals.priceE8 += split.priceE8
  totals.feesE8 += split.feesE8
  totals.fundingE8 += split.fundingE8
}

function toSummary(totals: Totals, orders: number): StrategySummary {
  const tradedE8 = totals.makerE8 + totals.takerE8
  return {
    orders,
    fills: totals.fills,
    makerShare: tradedE8 === 0n ? null : Number(totals.makerE8) / Number(tradedE8),
    pnl: decimalFromQuoteE8(totals.pnlE8),
    spread: decimalFromQuoteE8(totals.spreadE8),
    price: decimalFromQuoteE8(totals.priceE8),
    fees: decimalFromQuoteE8(totals.feesE8),
    funding: decimalFromQuoteE8(totals.fundingE8),
  }
}
