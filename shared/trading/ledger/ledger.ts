import { invariant } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { BalanceReport, Fill, FundingPaid, PositionReport } from '#shared/market/event.ts'
import {
  type Instrument,
  type InstrumentId,
  notionalE8,
  signOf,
} from '#shared/market/instrument.ts'
import { flatPosition, type Position } from '#shared/market/position.ts'
import { shareFunding } from './funding-share.ts'
import { bookFill, bookFunding, createSubBook, markValueE8, type SubBook } from './sub-book.ts'

/** Owner of whatever no running strategy ordered: inherited positions, manual orders, liquidations. */
export const unassigned = 'unassigned'

/** Trade ids kept per instrument to recognise a second delivery. */
const tradeIdsKept = 20_000

export type Account = {
  readonly accountId: number
  /** Wallet when the session began; undefined until the venue has told. */
  openingWalletE8: QuoteE8 | undefined
  /** Opening wallet + realised P&L − fees + funding, from the venue's own figures. */
  walletE8: QuoteE8
}

type Holding = { readonly book: SubBook; readonly lots: number }

/** Our books of every account: one netted position per instrument, one sub-book per strategy and instrument. */
export type Ledger = {
  readonly instruments: readonly Instrument[]
  readonly accounts: readonly Account[]
  /** Netted position per instrument, as the venue keeps it. */
  readonly positions: readonly Position[]
  /** Keyed by strategy, then by instrument. */
  readonly subBooks: Map<string, Map<InstrumentId, SubBook>>
  readonly tradeIds: readonly Set<number>[]
  readonly fundingIds: Set<string>
  /** Who held each instrument when it last settled; the payment is told a moment later. */
  readonly fundingHolders: (readonly Holding[] | undefined)[]
  /** Fills booked; each may round one unit. */
  fillCount: number
}

export function createLedger(instruments: readonly Instrument[]): Ledger {
  const accountCount = 1 + Math.max(-1, ...instruments.map(({ accountId }) => accountId))
  return {
    instruments,
    accounts: Array.from({ length: accountCount }, (_, accountId) => ({
      accountId,
      openingWalletE8: undefined,
      walletE8: 0n,
    })),
    positions: instruments.map(flatPosition),
    subBooks: new Map(),
    tradeIds: instruments.map(() => new Set<number>()),
    fundingIds: new Set(),
    fundingHolders: instruments.map(() => undefined),
    fillCount: 0,
  }
}

/** The sub-book of a strategy, opened empty on first use. */
export function subBookOf(ledger: Ledger, strategy: string, instrumentId: InstrumentId): SubBook {
  let books = ledger.subBooks.get(strategy)
  if (!books) {
    books = new Map()
    ledger.subBooks.set(strategy, books)
  }
  let book = books.get(instrumentId)
  if (!book) {
    const instrument = ledger.instruments[instrumentId]
    invariant(instrument !== undefined, `no instrument ${instrumentId}`)
    book = createSubBook(strategy, instrument)
    books.set(instrumentId, book)
  }
  return book
}

/** Lots a strategy owns of an instrument; 0 when it never traded it. Allocates nothing. */
export const inventoryLots = (ledger: Ledger, strategy: string, id: InstrumentId): number =>
  ledger.subBooks.get(strategy)?.get(id)?.position.lots ?? 0

/**
 * Books a fill into the netted position, the wallet and the owner's sub-book.
 *
 * The wallet takes the venue's own realised P&L, so it can only differ from the venue by a fact we have not seen.
 *
 * @returns false when this trade was booked before: nothing changed
 */
export function recordFill(
  ledger: Ledger,
  fill: Fill,
  strategy: string,
  midTwiceTicks: number | undefined,
): boolean {
  const { instrument, account, position } = lookUp(ledger, fill.instrumentId)
  const seen = ledger.tradeIds[fill.instrumentId]!
  if (seen.has(fill.tradeId)) return false
  seen.add(fill.tradeId)
  if (seen.size > tradeIdsKept) seen.delete(seen.values().next().value!)
  if (account.openingWalletE8 === undefined) return false

  ledger.fillCount++
  const sign = signOf(fill.side)
  const valueE8 = notionalE8(instrument, fill.priceTicks, fill.sizeLots)
  position.lots += sign * fill.sizeLots
  position.costE8 += (sign === 1 ? valueE8 : -valueE8) + fill.realisedPnlE8
  account.walletE8 += fill.realisedPnlE8 - fill.feeE8
  bookFill(subBookOf(ledger, strategy, fill.instrumentId), fill, midTwiceTicks)
  return true
}

/** Keeps who holds the instrument now, at its settlement. */
export function noteFundingHolders(ledger: Ledger, id: InstrumentId): void {
  const holders: Holding[] = []
  for (const books of ledger.subBooks.values()) {
    const book = books.get(id)
    if (book && book.position.lots !== 0) holders.push({ book, lots: book.position.lots })
  }
  ledger.fundingHolders[id] = holders
}

/**
 * Books a funding settlement and shares it out over the sub-books that held the instrument when it settled.
 *
 * @returns false when this settlement was booked before
 */
export function recordFunding(ledger: Ledger, paid: FundingPaid): boolean {
  const { account } = lookUp(ledger, paid.instrumentId)
  const key = `${account.accountId}:${paid.transactionId}`
  if (ledger.fundingIds.has(key)) return false
  ledger.fundingIds.add(key)
  if (account.openingWalletE8 === undefined) return false

  account.walletE8 += paid.amountE8
  if (!ledger.fundingHolders[paid.instrumentId]?.length)
    noteFundingHolders(ledger, paid.instrumentId)
  let holders = ledger.fundingHolders[paid.instrumentId]!
  if (holders.length === 0)
    holders = [{ book: subBookOf(ledger, unassigned, paid.instrumentId), lots: 1 }]
  const shares = shareFunding(
    paid.amountE8,
    holders.map(({ lots }) => lots),
  )
  holders.forEach(({ book }, index) => {
    bookFunding(book, shares[index]!)
  })
  ledger.fundingHolders[paid.instrumentId] = undefined
  return true
}

/**
 * The first report opens the books of an account: whatever was told before is contained in it. Later reports are
 * only compared at the closing check.
 */
export function recordBalance(ledger: Ledger, report: BalanceReport): void {
  const account = ledger.accounts[report.accountId]
  invariant(account !== undefined, `no account ${report.accountId}`)
  if (account.openingWalletE8 !== undefined) return
  account.openingWalletE8 = report.walletE8
  account.walletE8 = report.walletE8
}

/** A position found at the start belongs to no running strategy: it is taken over as `unassigned`. */
export function recordOpeningPosition(ledger: Ledger, report: PositionReport): void {
  const { position } = lookUp(ledger, report.instrumentId)
  if (report.positionLots === 0) return
  position.lots = report.positionLots
  position.costE8 = report.entryCostE8
  const book = subBookOf(ledger, unassigned, report.instrumentId)
  book.position.lots = report.positionLots
  book.position.costE8 = report.entryCostE8
  book.cashE8 = -report.entryCostE8
}

/** The books are open when every account has told its wallet. */
export const isOpen = (ledger: Ledger): boolean =>
  ledger.accounts.every(({ openingWalletE8 }) => openingWalletE8 !== undefined)

/**
 * Wallets plus unrealised P&L over all accounts.
 *
 * @returns undefined while the books are not open or an open position has no mark: missing is never zero
 */
export function equityE8(
  ledger: Ledger,
  markOf: (id: InstrumentId) => number | undefined,
): QuoteE8 | undefined {
  if (!isOpen(ledger)) return undefined
  let totalE8 = 0n
  for (const { walletE8 } of ledger.accounts) totalE8 += walletE8
  for (const instrument of ledger.instruments) {
    const { lots, costE8 } = ledger.positions[instrument.id]!
    if (lots === 0) continue
    const markPriceE8 = markOf(instrument.id)
    if (markPriceE8 === undefined) return undefined
    totalE8 += markValueE8(instrument, lots, markPriceE8) - costE8
  }
  return totalE8
}

function lookUp(ledger: Ledger, id: InstrumentId) {
  const instrument = ledger.instruments[id]
  invariant(instrument !== undefined, `no instrument ${id}`)
  const account = ledger.accounts[instrument.accountId]
  const position = ledger.positions[id]
  invariant(account !== undefined && position !== undefined, `no books for ${instrument.symbol}`)
  return { instrument, account, position }
}
