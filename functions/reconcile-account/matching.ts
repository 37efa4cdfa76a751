import type { BookedFill, BookedFunding } from '#shared/cloud/query/account.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Income } from '#shared/venue/aster/codec/account.ts'

/** One sum of our books beside the venue's. */
export type Comparison = {
  /** `BTCUSDT fees` */
  readonly subject: string
  readonly oursE8: QuoteE8
  readonly theirsE8: QuoteE8
  readonly bookings: number
}

export type Window = { readonly fromUs: number; readonly untilUs: number }

/** One entry of the income history, or what our books say it should be. */
export type Booking = {
  readonly kind: 'fees' | 'realised P&L' | 'funding'
  readonly symbol: string
  /** The execution or transaction: the same at both sides. */
  readonly id: number
  readonly amountE8: QuoteE8
  readonly timeUs: number
}

export type Compared = {
  /** Over the bookings that we have within the window. */
  readonly comparisons: readonly Comparison[]
  /** What the venue has booked within the window and we have no row of. */
  readonly unmatched: readonly Booking[]
}

/**
 * Sums of fees, realised P&L and funding by symbol, ours and theirs, over the bookings of a window; and those of the
 * venue that we know nothing of, which may be late rows as well as facts that we missed.
 *
 * Both sides may be given from a little before to a little after the window: a booking is matched by its id, so one
 * that the two sides date differently across an edge is counted on both sides or on neither.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN when the venue leaves out the execution of a fee or P&L: nothing can be said
 */
export function compareBookings(
  ours: { readonly fills: readonly BookedFill[]; readonly funding: readonly BookedFunding[] },
  income: readonly Income[],
  window: Window,
): Compared {
  const own = ownBookings(ours)
  const venue = income.flatMap(venueBooking)
  const within = ({ timeUs }: Booking) => timeUs >= window.fromUs && timeUs < window.untilUs
  const ownIds = new Set(own.map(idOf))
  const isKnown = (booking: Booking) => ownIds.has(idOf(booking))
  const counted = new Set([...own, ...venue.filter(isKnown)].filter(within).map(idOf))

  const sums = new Map<string, { oursE8: bigint; theirsE8: bigint; ids: Set<string> }>()
  const add = (side: 'oursE8' | 'theirsE8') => (booking: Booking) => {
    if (!counted.has(idOf(booking))) return
    const subject = `${booking.symbol} ${booking.kind}`
    const sum = sums.get(subject) ?? { oursE8: 0n, theirsE8: 0n, ids: new Set() }
    sum[side] += booking.amountE8
    sum.ids.add(idOf(booking))
    sums.set(subject, sum)
  }
  own.forEach(add('oursE8'))
  venue.forEach(add('theirsE8'))
  const comparisons = [...sums]
    .map(([subject, { oursE8, theirsE8, ids }]) => ({
      subject,
      oursE8,
      theirsE8,
      bookings: ids.size,
    }))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1))
  return {
    comparisons,
    unmatched: venue.filter((booking) => within(booking) && !isKnown(booking)),
  }
}

const idOf = ({ kind, symbol, id }: Booking): string => `${kind}:${symbol}:${id}`

/** With the venue's sign: what the wallet gains is positive, so a fee is negative. */
function ownBookings(ours: Parameters<typeof compareBookings>[0]): readonly Booking[] {
  return [
    ...ours.fills.flatMap(({ symbol, tradeId, feeE8, realisedPnlE8, eventTimeUs }): Booking[] => [
      { kind: 'fees', symbol, id: tradeId, amountE8: -feeE8, timeUs: eventTimeUs },
      { kind: 'realised P&L', symbol, id: tradeId, amountE8: realisedPnlE8, timeUs: eventTimeUs },
    ]),
    ...ours.funding.map(
      ({ symbol, transactionId, amountE8, recordedAtUs }): Booking => ({
        kind: 'funding',
        symbol,
        id: transactionId,
        amountE8,
        timeUs: recordedAtUs,
      }),
    ),
  ]
}

const kinds: Readonly<Record<string, Booking['kind']>> = {
  COMMISSION: 'fees',
  REALIZED_PNL: 'realised P&L',
  FUNDING_FEE: 'funding',
}

function venueBooking(row: Income): readonly Booking[] {
  const kind = kinds[row.incomeType]
  // Transfers and rebates are none of our fills: the wallet check counts them.
  if (kind === undefined) return []
  const id = kind === 'funding' ? row.transactionId : row.tradeId
  if (id === undefined)
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `income: ${row.incomeType} of ${row.symbol} names no execution, so it cannot be matched with a fill`,
    )
  return [{ kind, symbol: row.symbol, id, amountE8: row.amountE8, timeUs: row.timeMs * 1_000 }]
}
