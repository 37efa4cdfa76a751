import { decimalFromQuoteE8 } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Ledger } from './ledger.ts'

/** What a venue says of one account at the end of a session. */
export type VenueBooks = {
  readonly accountId: number
  readonly walletE8: QuoteE8
  readonly positions: readonly { readonly symbol: string; readonly positionLots: number }[]
  readonly openOrders: readonly { readonly clientOrderId: string }[]
  /** Income since the session began. */
  readonly income: readonly { readonly amountE8: QuoteE8 }[]
}

export type AccountCheck = {
  readonly exact: boolean
  /** One line per disagreement, naming both figures. */
  readonly differences: readonly string[]
}

/**
 * Compares our books with the venue's, to the lot and to 1e-8 quote: positions, sums of sub-books, wallets, income
 * history, orders left behind, and our own cash identity.
 */
export function checkAccounts(ledger: Ledger, venues: readonly VenueBooks[]): AccountCheck {
  const differences: string[] = []
  const compare = (what: string, ours: bigint | number, theirs: bigint | number) => {
    if (ours === theirs) return
    const show = (figure: bigint | number) =>
      typeof figure === 'bigint' ? decimalFromQuoteE8(figure) : String(figure)
    differences.push(`${what}: ours ${show(ours)}, theirs ${show(theirs)}`)
  }

  for (const account of ledger.accounts) {
    const venue = venues.find(({ accountId }) => accountId === account.accountId)
    const name = `account ${account.accountId}`
    if (!venue || account.openingWalletE8 === undefined) {
      differences.push(`${name}: no statement from the venue`)
      continue
    }
    const incomeE8 = venue.income.reduce((sum, { amountE8 }) => sum + amountE8, 0n)
    compare(`${name} wallet`, account.walletE8, venue.walletE8)
    compare(`${name} opening wallet + income`, account.openingWalletE8 + incomeE8, venue.walletE8)
    compare(`${name} open orders`, 0, venue.openOrders.length)

    for (const instrument of ledger.instruments) {
      if (instrument.accountId !== account.accountId) continue
      const position = ledger.positions[instrument.id]!
      const theirs = venue.positions.find(({ symbol }) => symbol === instrument.symbol)
      compare(
        `${name} ${instrument.symbol} position in lots`,
        position.lots,
        theirs?.positionLots ?? 0,
      )
    }
  }

  for (const instrument of ledger.instruments) {
    let lots = 0
    for (const books of ledger.subBooks.values())
      lots += books.get(instrument.id)?.position.lots ?? 0
    compare(
      `${instrument.symbol} sum of sub-books in lots`,
      lots,
      ledger.positions[instrument.id]!.lots,
    )
  }
  for (const { id, symbol } of ledger.instruments) {
    const { lots, costE8 } = ledger.positions[id]!
    // A flat position costs nothing: what is left over is P&L that the venue booked otherwise than its fills say.
    const left = costE8 < 0n ? -costE8 : costE8
    if (lots === 0 && left > BigInt(ledger.fillCount))
      differences.push(
        `${symbol} realised P&L: the venue's figures leave ${decimalFromQuoteE8(costE8)} on a flat position, more than ${ledger.fillCount} fills can round away`,
      )
  }
  compare('cash of sub-books against wallets and open cost', ...cashIdentity(ledger))
  return { exact: differences.length === 0, differences }
}

/** Σ sub-book cash = Σ (wallet − opening wallet) − Σ cost of open positions, inherited ones on both sides. */
function cashIdentity(ledger: Ledger): [QuoteE8, QuoteE8] {
  let subBooksE8 = 0n
  for (const books of ledger.subBooks.values())
    for (const { cashE8 } of books.values()) subBooksE8 += cashE8
  let walletsE8 = 0n
  for (const { walletE8, openingWalletE8 } of ledger.accounts)
    walletsE8 += walletE8 - (openingWalletE8 ?? 0n)
  for (const { costE8 } of ledger.positions) walletsE8 -= costE8
  return [subBooksE8, walletsE8]
}
