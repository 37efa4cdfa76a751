import { z } from 'zod'
import {
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
import { type Comparison, compareBookings } from './matching.ts'
import { checkWallet } from './wallet.ts'

const inputSchema = z.strictObject({})

/** Rows need this long at most from the executor to the warehouse. */
const warehouseLagUs = 2 * microsPerMinute
/** The two sides date one booking at most this differently. */
const datingUs = microsPerMinute
/** The venue's history goes back seven days. */
const memoryUs = 6 * microsPerDay

type Ports = Pick<FunctionPorts, 'warehouse' | 'bus' | 'clock' | 'accounts' | 'openedUs'>

/**
 * Compares fees, realised P&L and funding in the warehouse with the venue's income history, booking by booking and to
 * the last 1e-8, from where the check before ended to two minutes ago; and each wallet with its history.
 *
 * A difference is a row, an alert and a kill: books that are wrong must not size orders. A venue that does not answer
 * is no difference: the call fails, nothing is written, and the next one covers the time of this one too.
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
  const lastUs = accounts.map(
    ({ name }) =>
      before.find(({ account }) => account === name)?.checkedAtUs ?? scheduledAtUs - microsPerHour,
  )
  const window = {
    fromUs: Math.max(bornUs, Math.min(...lastUs) - warehouseLagUs),
    untilUs: scheduledAtUs - warehouseLagUs,
  }
  const rows: CheckRow[] = []
  const restless: string[] = []
  if (window.untilUs > window.fromUs)
    rows.push(
      ...(await compareWindow(accounts, window, ports)).map((comparison) =>
        bookingRow(accounts, comparison, scheduledAtUs),
      ),
    )
  for (const account of accounts) {
    const last = before.find((row) => row.account === account.name)
    const check = await checkWallet(account, last, ports.clock.nowUs())
    if (!check) restless.push(account.name)
    else
      rows.push(
        checkRow(
          account.name,
          'wallet',
          check.expectedE8,
          check.actualE8,
          check.detail,
          scheduledAtUs,
        ),
      )
  }

  const wrong = rows.filter(({ is_equal }) => !is_equal)
  if (wrong.length > 0) await tellMismatch(wrong, scheduledAtUs, ports)
  await warehouse.insert('account_checks', rows)
  return {
    function: 'reconcile-account',
    accounts: accounts.map(({ name }) => name),
    from: isoSeconds(window.fromUs),
    until: isoSeconds(window.untilUs),
    compared: rows.length,
    differences: wrong.map(inWords),
    ...(restless.length > 0 ? { notAtRest: restless } : {}),
  }
}

async function compareWindow(
  accounts: readonly ReadableAccount[],
  window: { readonly fromUs: number; readonly untilUs: number },
  { warehouse }: Ports,
): Promise<readonly Comparison[]> {
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

const inWords = ({ account, subject, expected, actual }: CheckRow): string =>
  `${account} ${subject}: ours ${expected}, theirs ${actual}`

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
