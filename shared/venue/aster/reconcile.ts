import { TradingError } from '#shared/kernel/error.ts'
import {
  type Micros,
  microsPerMilli,
  microsPerMinute,
  microsPerSecond,
} from '#shared/kernel/unit.ts'
import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'
import type { AccountFacts } from './account-facts.ts'
import { type AccountReader, incomeKey } from './account-reader.ts'
import type { Execution, Income, PositionState } from './codec/account.ts'
import type { OrderMemory } from './order-memory.ts'
import type { Rest } from './rest.ts'

/** Catches up with the venue's own lists whenever the user stream may have missed something. */
export type Reconcile = {
  /** Marks everything that happened before now as history and reports wallet and positions. */
  open(): Promise<void>
  /**
   * Emits every fact that was missed, then wallet and positions.
   *
   * @returns age of the oldest fill that only the lists told of, in µs of venue time; 0 when there was none
   * @throws TradingError when the venue cannot be read
   */
  run(): Promise<number>
  /** Emits fills that only the lists tell of. */
  readFills(): Promise<void>
  /** Settlements since the last one seen. @returns how many were news */
  readFunding(): Promise<number>
  /** Venue time of the latest settlement seen, in ms; the opening when there was none. */
  readonly fundingSeenMs: number
  /** Venue time at which history ended, in ms. */
  readonly openedAtMs: number
  /** True for bookings since then that the opening wallet already contains. */
  isHistory(row: Income): boolean
}

export type ReconcileOptions = {
  readonly rest: Rest
  readonly reader: AccountReader
  readonly facts: AccountFacts
  readonly memory: OrderMemory
  readonly instruments: readonly Instrument[]
}

/** Settlements may be booked late and out of order; what was seen is told apart by its id. */
const fundingOverlapMs = 10 * 60 * 1_000
const cutAttemptsMax = 5
const cutPauseUs = 200 * microsPerMilli

export function createReconcile(options: ReconcileOptions): Reconcile {
  const { rest, reader, facts, memory, instruments } = options
  const history = new Set<string>()
  const tradeCursors = new Map<InstrumentId, number>()
  let fundingCursorMs = 0
  let openedAtMs = 0
  // Income is the dearest list there is: an account that trades no perpetual has no settlement to look for.
  const settlesFunding = instruments.some((each) => each.fundingIntervalHours !== undefined)

  /**
   * Draws the line between history and news: everything the opening wallet and positions contain is marked as seen,
   * and drawn again when something happened while they were read.
   */
  async function open(): Promise<void> {
    for (let attempt = 1; attempt <= cutAttemptsMax; attempt++) {
      openedAtMs = Math.floor(rest.venueTimeUs() / microsPerMilli)
      fundingCursorMs = openedAtMs
      await markHistory()
      const readAtUs = rest.venueTimeUs()
      const positions = await reader.positions()
      const walletE8 = await reader.wallet()
      const bookings = await reader.income(openedAtMs)
      if (!(await markHistory(bookings))) {
        for (const row of bookings) history.add(incomeKey(row))
        return report(positions, walletE8, readAtUs)
      }
      await rest.pause(cutPauseUs)
    }
    throw new TradingError(
      'VENUE_UNREACHABLE',
      'the account did not stand still long enough to be opened; stop whatever else trades on it',
    )
  }

  /** @returns true when there was something that had not been marked before */
  async function markHistory(bookings?: readonly Income[]): Promise<boolean> {
    let isNews = false
    for (const instrument of instruments) {
      const cursor = tradeCursors.get(instrument.id)
      const last = (await reader.trades(instrument, cursor)).at(-1)
      if (!last) continue
      isNews = true
      facts.setOpeningTrade(instrument.id, last.tradeId)
      tradeCursors.set(instrument.id, last.tradeId + 1)
    }
    if (!settlesFunding) return isNews
    const settled = bookings
      ? bookings.filter(({ incomeType }) => incomeType === 'FUNDING_FEE')
      : await reader.income(openedAtMs - fundingOverlapMs, 'FUNDING_FEE')
    return facts.setOpeningIncome(settled) || isNews
  }

  async function run(): Promise<number> {
    await rest.syncClock()
    // Orders acknowledged while the lists are read may be missing from them: only older ones are judged.
    const believedOpen = memory.open()
    const stillOpen = new Set<string>()
    for (const instrument of instruments)
      for (const order of await reader.openOrders(instrument)) {
        stillOpen.add(order.clientOrderId)
        facts.order(instrument, order)
      }
    const oldestFillUs = await reportStanding()
    for (const order of believedOpen) {
      if (stillOpen.has(order.clientOrderId) || order.isClosed) continue
      const state = await reader.order(order.instrument, { clientOrderId: order.clientOrderId })
      if (state) facts.report(order.instrument, state)
      else facts.reportAbsent(order.clientOrderId)
    }
    return oldestFillUs === undefined ? 0 : Math.max(1, rest.venueTimeUs() - oldestFillUs)
  }

  /**
   * Reports wallet and positions at a moment when every fact before it has been emitted: facts are read, then the
   * standing, then facts again, until the second reading brings nothing new.
   *
   * @returns time of the oldest fill that was news
   */
  async function reportStanding(): Promise<Micros | undefined> {
    let oldestUs = await readTrades()
    await readFunding()
    for (let attempt = 1; attempt <= cutAttemptsMax; attempt++) {
      const countBefore = facts.factCount
      const readAtUs = rest.venueTimeUs()
      const positions = await reader.positions()
      const walletE8 = await reader.wallet()
      oldestUs = earlier(oldestUs, await readTrades())
      await readFunding()
      if (facts.factCount === countBefore) {
        report(positions, walletE8, readAtUs)
        return oldestUs
      }
      await rest.pause(cutPauseUs)
    }
    return oldestUs
  }

  function report(
    positions: ReadonlyMap<string, PositionState>,
    walletE8: bigint,
    readAtUs: Micros,
  ): void {
    // The stream states whole milliseconds: within one, the later statement counts.
    facts.wallet(walletE8, (Math.floor(readAtUs / microsPerMilli) * microsPerMilli) as Micros)
    for (const instrument of instruments)
      facts.position(instrument, positions.get(instrument.symbol))
  }

  /** @returns time of the oldest execution that was news */
  async function readTrades(): Promise<Micros | undefined> {
    let oldestUs: Micros | undefined
    for (const instrument of instruments) {
      const cursor = tradeCursors.get(instrument.id)
      for (const trade of await reader.trades(instrument, cursor)) {
        const clientOrderId = await nameOf(instrument, trade)
        if (facts.fill(instrument, clientOrderId, trade)) oldestUs = earlier(oldestUs, trade.timeUs)
        tradeCursors.set(instrument.id, trade.tradeId + 1)
      }
    }
    return oldestUs
  }

  /** Lists of executions name the venue's order id only. */
  async function nameOf(instrument: Instrument, trade: Execution): Promise<string> {
    const known = memory.clientIdOf(instrument.id, trade.venueOrderId)
    if (known !== undefined) return known
    const order = await reader.order(instrument, { venueOrderId: trade.venueOrderId })
    if (!order) return `venue-${trade.venueOrderId}`
    memory.acknowledge(order.clientOrderId, instrument, order.venueOrderId)
    return order.clientOrderId
  }

  async function readFunding(): Promise<number> {
    if (!settlesFunding) return 0
    let news = 0
    const rows = await reader.income(fundingCursorMs - fundingOverlapMs, 'FUNDING_FEE')
    for (const row of rows) {
      if (facts.funding(row)) news++
      fundingCursorMs = Math.max(fundingCursorMs, row.timeMs)
    }
    return news
  }

  return {
    open,
    run,
    readFills: async () => {
      await readTrades()
    },
    readFunding,
    get fundingSeenMs() {
      return fundingCursorMs
    },
    get openedAtMs() {
      return openedAtMs
    },
    isHistory: (row) => history.has(incomeKey(row)),
  }
}

const earlier = (a: Micros | undefined, b: Micros | undefined): Micros | undefined =>
  a === undefined ? b : b === undefined ? a : (Math.min(a, b) as Micros)

/** How often the lists are read although nothing seems to be missing. */
export const reconcileEveryUs = microsPerMinute
/** A fill that the stream has not brought after this long will not come. */
export const streamLagUsMax = 10 * microsPerSecond
