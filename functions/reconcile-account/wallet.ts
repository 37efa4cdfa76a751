import { z } from 'zod'
import type { AccountCheckRow } from '#shared/cloud/query/account.ts'
import { decimalFromQuoteE8, quoteE8FromDecimal } from '#shared/kernel/decimal.ts'
import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { Income } from '#shared/venue/aster/codec/account.ts'
import type { ReadableAccount } from '../function-call.ts'

export type WalletCheck = {
  readonly expectedE8: QuoteE8
  readonly actualE8: QuoteE8
  /** Where the next check goes on; JSON. */
  readonly detail: string
}

/** Up to where the history was added up: all of `bookedAtUntil` happened within the millisecond `untilMs`. */
const anchorSchema = z.object({
  untilMs: z.int().nonnegative(),
  bookedAtUntil: z.string(),
  comparedUntilUs: z.int().nonnegative().optional(),
})

const firstLooksMax = 5

/** Keeps in a check up to when bookings were compared, so that the next one goes on there. */
export const withComparedUntil = ({ detail }: WalletCheck, comparedUntilUs: number): string =>
  JSON.stringify({ ...JSON.parse(detail), comparedUntilUs })

/** @returns undefined when that check did not say */
export const comparedUntilOf = ({ detail }: AccountCheckRow): number | undefined =>
  anchorSchema.parse(JSON.parse(detail)).comparedUntilUs

/**
 * Checks that the wallet changed by exactly what the venue's own history says, since the check before.
 *
 * The account may trade on while it is read: the wallet has to fit the history as it was at some moment between a
 * reading before it and a reading after it.
 *
 * @param before - the last check of this wallet; without one there is nothing to compare, and this one is the first
 * @returns undefined when a first look never met the account at rest: the next one may
 * @throws TradingError VENUE_*, WIRE_SHAPE_UNKNOWN as the reads do
 */
export async function checkWallet(
  account: ReadableAccount,
  before: AccountCheckRow | undefined,
  nowUs: Micros,
): Promise<WalletCheck | undefined> {
  if (before) return await compareWallet(account, before)
  const startMs = Math.floor(nowUs / 1_000) - 60_000
  for (let look = 0; look < firstLooksMax; look++) {
    const { known, actualE8, history } = await readAround(account, startMs)
    if (known.length === history.length)
      return { expectedE8: actualE8, actualE8, detail: anchorAt(history, startMs) }
  }
  return undefined
}

async function compareWallet(
  account: ReadableAccount,
  before: AccountCheckRow,
): Promise<WalletCheck> {
  const anchor = anchorSchema.parse(JSON.parse(before.detail))
  const { known, actualE8, history } = await readAround(account, anchor.untilMs)
  const startE8 = before.actualE8 - quoteE8FromDecimal(anchor.bookedAtUntil)
  for (let length = known.length; length <= history.length; length++) {
    const booked = history.slice(0, length)
    if (startE8 + sumOf(booked) === actualE8)
      return { expectedE8: actualE8, actualE8, detail: anchorAt(booked, anchor.untilMs) }
  }
  const expectedE8 = startE8 + sumOf(history)
  return { expectedE8, actualE8, detail: anchorAt(history, anchor.untilMs) }
}

async function readAround({ reader, asset }: ReadableAccount, startMs: number) {
  const read = async () => (await reader.income(startMs)).filter((row) => row.asset === asset)
  const known = await read()
  const actualE8 = await reader.wallet()
  return { known, actualE8, history: await read() }
}

const sumOf = (rows: readonly Income[]): QuoteE8 =>
  rows.reduce((sum, { amountE8 }) => sum + amountE8, 0n)

function anchorAt(rows: readonly Income[], startMs: number): string {
  const untilMs = rows.reduce((latest, { timeMs }) => Math.max(latest, timeMs), startMs)
  const bookedE8 = sumOf(rows.filter(({ timeMs }) => timeMs === untilMs))
  return JSON.stringify({ untilMs, bookedAtUntil: decimalFromQuoteE8(bookedE8) })
}
