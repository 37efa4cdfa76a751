import { lotsFromDecimal } from '#shared/kernel/decimal.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Lots, Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'
import type { Emit } from '../venue.ts'
import { type Execution, entryCostE8, type Income, type PositionState } from './codec/account.ts'
import type { OrderState } from './codec/order.ts'
import type { OrderMemory } from './order-memory.ts'

/**
 * Turns what replies, streams and lists say of the account into events, each fact once.
 *
 * The same fill or settlement reaches us by several ways in any order; the first one tells, the others are repeats.
 */
export type AccountFacts = {
  /** Executions up to this id happened before this client and are in the opening position. */
  setOpeningTrade(instrumentId: InstrumentId, tradeId: number): void
  /** Settlements that are already in the opening wallet. @returns true when one of them was not known */
  setOpeningIncome(rows: readonly Income[]): boolean
  /** @returns true when it is news */
  fill(instrument: Instrument, clientOrderId: string, execution: Execution): boolean
  /** @returns true when it is news */
  funding(income: Income): boolean
  /** The venue has the order: accepted, and closed when its status says so. */
  order(instrument: Instrument, state: OrderState): void
  /** Answer to a query. */
  report(instrument: Instrument, state: OrderState): void
  reportAbsent(clientOrderId: string): void
  wallet(walletE8: QuoteE8, eventTimeUs: Micros): void
  position(instrument: Instrument, state: PositionState | undefined): void
  userStream(isUp: boolean, reason: string): void
  /** Grows with every new fill or settlement: two equal readings mean that nothing happened in between. */
  readonly factCount: number
}

export type AccountFactsOptions = {
  readonly clock: Clock
  readonly accountId: number
  readonly instrumentBySymbol: ReadonlyMap<string, Instrument>
  readonly memory: OrderMemory
  readonly emit: Emit
}

export function createAccountFacts(options: AccountFactsOptions): AccountFacts {
  const { clock, accountId, instrumentBySymbol, memory, emit } = options
  const trades = new Map<InstrumentId, SeenTrades>()
  const settlements = createSeen(settlementsMax)
  let walletTimeUs = 0
  let factCount = 0

  const seenTrades = (id: InstrumentId): SeenTrades => {
    const seen = trades.get(id) ?? { openingId: -1, seen: createSeen(tradesMax) }
    trades.set(id, seen)
    return seen
  }

  return {
    get factCount() {
      return factCount
    },
    setOpeningTrade: (instrumentId, tradeId) => {
      seenTrades(instrumentId).openingId = tradeId
    },
    setOpeningIncome: (rows) => {
      let isNews = false
      for (const row of rows) if (settlements.add(settlementKey(row))) isNews = true
      return isNews
    },

    fill: (instrument, clientOrderId, execution) => {
      const { openingId, seen } = seenTrades(instrument.id)
      if (execution.tradeId <= openingId || !seen.add(String(execution.tradeId))) return false
      factCount++
      memory.acknowledge(clientOrderId, instrument, execution.venueOrderId)
      emit({
        kind: 'fill',
        eventTimeUs: execution.timeUs,
        receiveTimeUs: clock.nowUs(),
        instrumentId: instrument.id,
        clientOrderId,
        venueOrderId: execution.venueOrderId,
        tradeId: execution.tradeId,
        side: execution.side,
        priceTicks: execution.priceTicks,
        sizeLots: execution.sizeLots,
        liquidity: execution.isMaker ? 'maker' : 'taker',
        feeE8: execution.feeE8,
        realisedPnlE8: execution.realisedPnlE8,
      })
      return true
    },

    funding: (income) => {
      if (!settlements.add(settlementKey(income))) return false
      factCount++
      const instrument = instrumentBySymbol.get(income.symbol)
      // Positions this trader does not keep settle too; the wallet report carries them.
      if (!instrument) return true
      emit({
        kind: 'funding-paid',
        eventTimeUs: (income.timeMs * 1_000) as Micros,
        receiveTimeUs: clock.nowUs(),
        instrumentId: instrument.id,
        amountE8: income.amountE8,
        transactionId: income.transactionId,
      })
      return true
    },

    order: (instrument, { clientOrderId, venueOrderId, status, filledLots, eventTimeUs }) => {
      memory.acknowledge(clientOrderId, instrument, venueOrderId)
      const receiveTimeUs = clock.nowUs()
      emit({ kind: 'order-accepted', eventTimeUs, receiveTimeUs, clientOrderId, venueOrderId })
      if (status === 'working' || status === 'rejected') return
      memory.close(clientOrderId)
      emit({
        kind: 'order-closed',
        eventTimeUs,
        receiveTimeUs,
        clientOrderId,
        status,
        filledLots,
      })
    },

    report: (instrument, { clientOrderId, venueOrderId, status, filledLots, eventTimeUs }) => {
      memory.acknowledge(clientOrderId, instrument, venueOrderId)
      if (status !== 'working') memory.close(clientOrderId)
      emit({
        kind: 'order-report',
        eventTimeUs,
        receiveTimeUs: clock.nowUs(),
        clientOrderId,
        status: status === 'rejected' ? 'absent' : status,
        filledLots,
      })
    },

    reportAbsent: (clientOrderId) => {
      memory.close(clientOrderId)
      const nowUs = clock.nowUs()
      emit({
        kind: 'order-report',
        eventTimeUs: nowUs,
        receiveTimeUs: nowUs,
        clientOrderId,
        status: 'absent',
        filledLots: 0 as Lots,
      })
    },

    wallet: (walletE8, eventTimeUs) => {
      // The stream does not keep order: an older statement must not follow a newer one.
      if (eventTimeUs < walletTimeUs) return
      walletTimeUs = eventTimeUs
      const receiveTimeUs = clock.nowUs()
      emit({ kind: 'balance-report', eventTimeUs, receiveTimeUs, accountId, walletE8 })
    },

    position: (instrument, state) => {
      const nowUs = clock.nowUs()
      emit({
        kind: 'position-report',
        eventTimeUs: state?.updateTimeUs ?? nowUs,
        receiveTimeUs: nowUs,
        instrumentId: instrument.id,
        positionLots: state ? lotsFromDecimal(state.amount, instrument.sizeGrid) : (0 as Lots),
        entryCostE8: state ? entryCostE8(state.amount, state.entryPrice) : 0n,
      })
    },

    userStream: (isUp, reason) => {
      const nowUs = clock.nowUs()
      emit({
        kind: 'user-stream',
        eventTimeUs: nowUs,
        receiveTimeUs: nowUs,
        accountId,
        isUp,
        reason,
      })
    },
  }
}

type SeenTrades = { openingId: number; readonly seen: Seen }

const tradesMax = 20_000
const settlementsMax = 5_000

/** A set that forgets its oldest members; large enough that nothing comes back after being forgotten. */
type Seen = { add(key: string): boolean }

function createSeen(max: number): Seen {
  const keys = new Set<string>()
  return {
    add: (key) => {
      if (keys.has(key)) return false
      keys.add(key)
      if (keys.size > max) for (const oldest of keys) return keys.delete(oldest)
      return true
    },
  }
}

const settlementKey = ({ symbol, transactionId }: Income): string => `${symbol}:${transactionId}`
