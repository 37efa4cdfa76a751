import { z } from 'zod'
import {
  type AccountCheckRow,
  bookedFillsQuery,
  bookedFundingQuery,
  lastAccountChecksQuery,
  readBookedFills,
  readBookedFunding,
  readLastAccountChecks,
} from '#shared/cloud/query/account.ts'
import { decimalFromQuoteE8 } from '#shared/kernel/decimal.ts'
import { type Micros, microsPerDay, microsPerHour, microsPerMinute } from '#shared/kernel/unit.ts'
import { killTrading, raiseAlerts } from '../alert.ts'
import {
  type FunctionPorts,
  type FunctionReport,
  isoSeconds,
  type ReadableAccount,
  readInput,
} from '../function-call.ts'
import { type Booking, type Compared, type Comparison, compareBookings } from './matching.ts'
import { checkWallet, comparedUntilOf, withComparedUntil } from './wallet.ts'

const inputSchema = z.strictObject({})

/** What is younger is left to the next check: both sides are still writing it down. */
const settlingUs = 2 * microsPerMinute
/** A row that is not there by then is not late any more. */
const rowPatienceUs = microsPerHour
/** The two sides date one booking at most this differently. */
const datingUs = microsPerMinute
/** The venue's history goes back seven days. */
const memoryUs = 6 * microsPerDay

/** Bookings that an alert names. */
const namedMax = 10

type Ports = Pick<FunctionPorts, 'warehouse' | 'bus' | 'clock' | 'accounts' | 'openedUs'>

/**
 * Compares fees, realised P&L and funding in the warehouse with the venue's income history, booking by booking and to
 * the last 1e-8, from where the check before ended to two minutes ago; and each wallet with its history.
 *
 * A difference is a row, an alert and a kill: books that are wrong must not size orders. A booking of the venue that has
 * no row here says nothing about the executor's books: rows may be late, and nobody writes any while no executor trades.
 * It is waited for; one hour after it was booked it is a row and an alert, and a person decides. A venue that does not
 * answer is no difference: the call fails, nothing is written, and the next one covers the time of this one too.
 *
 * @throws TradingError OPTION_INVALID, VENUE_*, WIRE_SHAPE_UNKNOWN, QUERY_INVALID, PLATFORM_UNREACHABLE
 */
export async function reconcileAccount(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> {
  readInput(inputSchema, input)
  if (!ports.accounts)
    return {
      function: 'reconcile-account',
      skipped:
        'no account can be read: paper accounts live inside the executor, which checks them when it ends; a live one needs the secret aster-reader-key',
    }
  const accounts = ports.accounts()
  const { warehouse, openedUs } = ports
  const bornUs = openedUs ?? 0
  const before = readLastAccountChecks(
    await warehouse.query(
      lastAccountChecksQuery('wallet', Math.max(bornUs, scheduledAtUs - memoryUs), scheduledAtUs),
    ),
  )
  const lastOf = ({ name }: ReadableAccount) => before.find(({ account }) => account === name)
  const window = {
    fromUs: Math.max(
      bornUs,
      scheduledAtUs - memoryUs,
      Math.min(...accounts.map((account) => comparedUntil(lastOf(account), scheduledAtUs))),
    ),
    untilUs: scheduledAtUs - settlingUs,
  }
  const { comparisons, unmatched } =
    window.untilUs > window.fromUs ? await compareWindow(accounts, window, ports) : nothing
  const isLate = ({ timeUs }: Booking) => timeUs > scheduledAtUs - rowPatienceUs
  const waiting = unmatched.filter(isLate)
  const missing = unmatched.filter((booking) => !isLate(booking))
  const comparedUntilUs = Math.min(window.untilUs, ...waiting.map(({ timeUs }) => timeUs))

  const rows = comparisons.map((comparison) => bookingRow(accounts, comparison, scheduledAtUs))
  const restless: string[] = []
  for (const account of accounts) {
    const check = await checkWallet(account, lastOf(account), ports.clock.nowUs())
    if (!check) restless.push(account.name)
    else
      rows.push(
        checkRow(
          account.name,
          'wallet',
          check.expectedE8,
          check.actualE8,
          withComparedUntil(check, comparedUntilUs),
          scheduledAtUs,
        ),
      )
  }
  const wrong = rows.filter(({ is_equal }) => !is_equal)
  if (wrong.length > 0) await tellMismatch(wrong, scheduledAtUs, ports)
  const missingRows = missingBySubject(accounts, missing, scheduledAtUs)
  if (missing.length > 0) await tellMissing(missing, scheduledAtUs, ports)
  await warehouse.insert('account_checks', [...rows, ...missingRows])
  return {
    function: 'reconcile-account',
    accounts: accounts.map(({ name }) => name),
    from: isoSeconds(window.fromUs),
    until: isoSeconds(window.untilUs),
    compared: rows.length,
    differences: wrong.map(inWords),
    waitingForRows: waiting.length,
    withoutRow: missingRows.map(inWords),
    ...(restless.length > 0 ? { notAtRest: restless } : {}),
  }
}

async function compareWindow(
  accounts: readonly ReadableAccount[],
  window: { readonly fromUs: number; readonly untilUs: number },
  { warehouse }: Ports,
): Promise<Compared> {
  const fromUs = Math.max(0, window.fromUs - datingUs)
  const untilUs = window.untilUs + datingUs
  const income = await Promise.all(
    accounts.map(({ reader }) => reader.income(Math.floor(fromUs / 1_000))),
  )
  const ours = {
    fills: readBookedFills(await warehouse.query(bookedFillsQuery(fromUs, untilUs))),
    funding: readBookedFunding(await warehouse.query(bookedFundingQuery(fromUs, untilUs))),
  }
  const theirs = income.flat().filter(({ timeMs }) => timeMs * 1_000 < untilUs)
  return compareBookings(ours, theirs, window)
}

/** Where the last check of a wallet left off. */
const comparedUntil = (last: AccountCheckRow | undefined, atUs: Micros): number =>
  last
    ? (comparedUntilOf(last) ?? last.checkedAtUs - settlingUs)
    : atUs - microsPerHour - settlingUs

const nothing: Compared = { comparisons: [], unmatched: [] }

type CheckRow = ReturnType<typeof checkRow>

const checkRow = (
  account: string,
  subject: string,
  expectedE8: bigint,
  actualE8: bigint,
  detail: string,
  atUs: Micros,
) => ({
  account,
  subject,
  checked_at: atUs,
  expected: decimalFromQuoteE8(expectedE8),
  actual: decimalFromQuoteE8(actualE8),
  is_equal: expectedE8 === actualE8,
  detail,
})

const bookingRow = (
  accounts: readonly ReadableAccount[],
  { subject, oursE8, theirsE8, bookings }: Comparison,
  atUs: Micros,
): CheckRow =>
  checkRow(
    accounts.map(({ name }) => name).join('+'),
    subject,
    oursE8,
    theirsE8,
    `${bookings} bookings`,
    atUs,
  )

function missingBySubject(
  accounts: readonly ReadableAccount[],
  missing: readonly Booking[],
  atUs: Micros,
): readonly CheckRow[] {
  const groups = Map.groupBy(missing, ({ symbol, kind }) => `${symbol} ${kind} without a row`)
  return [...groups].map(([subject, bookings]) => ({
    ...bookingRow(
      accounts,
      {
        subject,
        oursE8: 0n,
        theirsE8: bookings.reduce((sum, { amountE8 }) => sum + amountE8, 0n),
        bookings: bookings.length,
      },
      atUs,
    ),
    is_equal: false,
  }))
}

const inWords = ({ account, subject, expected, actual }: CheckRow): string =>
  `${account} ${subject}: ours ${expected}, theirs ${actual}`

async function tellMissing(
  missing: readonly Booking[],
  atUs: Micros,
  { bus }: Ports,
): Promise<void> {
  const firstUs = Math.min(...missing.map(({ timeUs }) => timeUs))
  const named = missing.slice(0, namedMax).map(({ symbol, kind, id }) => `${symbol} ${kind} ${id}`)
  await raiseAlerts(bus, [
    {
      alert: 'account-mismatch',
      summary: `${missing.length} bookings of the venue have no row here, the first of ${isoSeconds(firstUs)}; trading goes on`,
      detail: `${named.join(', ')}${missing.length > namedMax ? ' …' : ''}. Booked while no executor traded, by somebody else, or their rows were lost.`,
      atUs,
      dedupeKey: `rows:${isoSeconds(firstUs)}`,
    },
  ])
}

async function tellMismatch(
  wrong: readonly CheckRow[],
  atUs: Micros,
  { bus }: Ports,
): Promise<void> {
  const summary = `the books differ from the venue: ${inWords(wrong[0]!)}`
  await killTrading(bus, { reason: summary, by: 'reconcile-account', atUs })
  await raiseAlerts(bus, [
    {
      alert: 'account-mismatch',
      summary,
      detail: wrong.map(inWords).join('; '),
      atUs,
      dedupeKey: `${wrong[0]!.account}:${isoSeconds(atUs)}`,
    },
  ])
}
