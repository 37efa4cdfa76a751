import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'
import type { Approved, Intent, Order } from '#shared/trading/order/order.ts'
import type { Emit } from '../venue.ts'
import type { AccountFacts } from './account-facts.ts'
import type { AccountReader } from './account-reader.ts'
import { type OrderState, placeParams, readOrder } from './codec/order.ts'
import { endpoints } from './endpoint.ts'
import type { OrderMemory } from './order-memory.ts'
import type { Rest, WriteOutcome } from './rest.ts'

/** Carries intents to the venue and answers back as events. */
export type Gateway = {
  send(intent: Intent): void
  /** Cancels everything on one instrument until the venue shows nothing open. @throws TradingError */
  clear(instrument: Instrument): Promise<void>
}

export type GatewayOptions = {
  readonly clock: Clock
  readonly rest: Rest
  readonly reader: AccountReader
  readonly facts: AccountFacts
  readonly memory: OrderMemory
  readonly instrumentById: ReadonlyMap<InstrumentId, Instrument>
  readonly emit: Emit
  /** Emits fills that the stream has not brought. */
  readonly readFills: () => Promise<void>
  readonly onFault: (error: TradingError) => void
}

const cancelAllAttemptsMax = 5
const cancelAllPauseUs = microsPerSecond
/** A landed order becomes visible to queries within this many looks. */
const looksMax = 3
const lookPauseUs = 300 * microsPerMilli

export function createGateway(options: GatewayOptions): Gateway {
  const { clock, rest, reader, facts, memory, instrumentById, emit, readFills, onFault } = options

  function refuse(clientOrderId: string, code: number, reason: string): void {
    const nowUs = clock.nowUs()
    emit({
      kind: 'order-refused',
      eventTimeUs: nowUs,
      receiveTimeUs: nowUs,
      clientOrderId,
      code,
      reason,
    })
  }

  function leaveUnknown(clientOrderId: string, reason: string): void {
    const nowUs = clock.nowUs()
    emit({
      kind: 'order-unknown',
      eventTimeUs: nowUs,
      receiveTimeUs: nowUs,
      clientOrderId,
      reason,
    })
  }

  async function place(order: Approved<Order>, instrument: Instrument): Promise<void> {
    const { clientOrderId } = order
    const nonce = rest.nextNonce()
    memory.remember(clientOrderId, instrument, nonce)
    const result = await rest.write(endpoints.placeOrder, placeParams(order, instrument), nonce)
    if (result.outcome === 'unknown') return leaveUnknown(clientOrderId, result.reason)
    if (result.outcome === 'refused') {
      memory.close(clientOrderId)
      return refuse(clientOrderId, result.code, result.reason)
    }
    const state = readReply(result, instrument)
    if (!state) return leaveUnknown(clientOrderId, 'the reply could not be read')
    if (state.status !== 'rejected') return facts.order(instrument, state)
    memory.close(clientOrderId)
    refuse(clientOrderId, 0, 'the venue rejected the order')
  }

  async function cancel(clientOrderId: string, instrument: Instrument): Promise<void> {
    const result = await rest.write(endpoints.cancelOrder, [
      ['symbol', instrument.symbol],
      ['origClientOrderId', clientOrderId],
    ])
    const state = result.outcome === 'done' ? readReply(result, instrument) : undefined
    if (state && state.status !== 'working') return facts.order(instrument, state)
    const nowUs = clock.nowUs()
    emit({
      kind: 'cancel-refused',
      eventTimeUs: nowUs,
      receiveTimeUs: nowUs,
      clientOrderId,
      code: result.outcome === 'refused' ? result.code : 0,
      reason: result.outcome === 'done' ? 'the reply does not show it canceled' : result.reason,
    })
  }

  /**
   * Finds out what became of an order. When the venue does not know it, the placing request may still be on its
   * way: a request without effect takes its nonce, and then it can never land.
   */
  async function query(clientOrderId: string, instrument: Instrument): Promise<void> {
    const found = await reader.order(instrument, { clientOrderId })
    if (found) return await tell(found, instrument)
    const known = memory.find(clientOrderId)
    const nonce = known?.venueOrderId === undefined ? known?.placingNonce : undefined
    if (nonce === undefined) return facts.reportAbsent(clientOrderId)

    const burned = await rest.write(endpoints.noop, [], nonce)
    if (burned.outcome === 'done') return facts.reportAbsent(clientOrderId)
    if (burned.outcome === 'unknown' || burned.code !== nonceSpentCode)
      return leaveUnknown(clientOrderId, `its nonce could not be taken: ${burned.reason}`)
    // Spent or too old: the placing request has been processed, or never will be.
    for (let look = 1; look <= looksMax; look++) {
      const landed = await reader.order(instrument, { clientOrderId })
      if (landed) return await tell(landed, instrument)
      await rest.pause(lookPauseUs)
    }
    facts.reportAbsent(clientOrderId)
  }

  /** Whoever asks about an order may be waiting for fills of it that the stream has lost. */
  async function tell(state: OrderState, instrument: Instrument): Promise<void> {
    facts.report(instrument, state)
    if (state.filledLots > 0) await readFills()
  }

  const cancelAllOnce = (instrument: Instrument): Promise<WriteOutcome> =>
    rest.write(endpoints.cancelAll, [['symbol', instrument.symbol]])

  /** Canceling all twice is the same as once, so unlike other writes this one is repeated. */
  async function cancelAll(instrument: Instrument): Promise<void> {
    let reason = ''
    for (let attempt = 1; attempt <= cancelAllAttemptsMax; attempt++) {
      const result = await cancelAllOnce(instrument)
      if (result.outcome === 'done') return
      reason = result.reason
      if (attempt < cancelAllAttemptsMax) await rest.pause(cancelAllPauseUs)
    }
    throw new TradingError(
      'ORDER_OUTCOME_UNKNOWN',
      `${instrument.symbol}: orders could not be canceled after ${cancelAllAttemptsMax} attempts (${reason}); cancel them by hand`,
    )
  }

  async function armDeadMan(instrument: Instrument, countdownMs: number): Promise<void> {
    const result = await rest.write(endpoints.armDeadMan, [
      ['symbol', instrument.symbol],
      ['countdownTime', String(countdownMs)],
    ])
    if (result.outcome !== 'done')
      throw new TradingError(
        'VENUE_UNREACHABLE',
        `${instrument.symbol}: dead-man switch was not renewed (${result.reason})`,
      )
  }

  function readReply(
    { body }: Extract<WriteOutcome, { outcome: 'done' }>,
    instrument: Instrument,
  ): OrderState | undefined {
    try {
      return readOrder(body, instrument)
    } catch (error) {
      report(error)
      return undefined
    }
  }

  function report(error: unknown): void {
    if (!(error instanceof TradingError)) throw error
    onFault(error)
  }

  function send(intent: Intent): void {
    const id = intent.kind === 'place' ? intent.order.instrumentId : intent.instrumentId
    const instrument = instrumentById.get(id)
    if (!instrument)
      throw new TradingError('STATE_CORRUPT', `intent for instrument ${id}, which was not started`)
    switch (intent.kind) {
      case 'place':
        place(intent.order, instrument).catch(report)
        return
      case 'cancel':
        cancel(intent.clientOrderId, instrument).catch(report)
        return
      case 'query':
        query(intent.clientOrderId, instrument).catch((error: unknown) => {
          report(error)
          leaveUnknown(intent.clientOrderId, (error as Error).message)
        })
        return
      case 'cancel-all':
        cancelAll(instrument).catch(report)
        return
      case 'arm-dead-man':
        armDeadMan(instrument, intent.countdownMs).catch(report)
        return
    }
  }

  async function clear(instrument: Instrument): Promise<void> {
    for (let attempt = 1; attempt <= cancelAllAttemptsMax; attempt++) {
      await cancelAll(instrument)
      if ((await reader.openOrders(instrument)).length === 0) return
      await rest.pause(cancelAllPauseUs)
    }
    throw new TradingError(
      'ORDER_OUTCOME_UNKNOWN',
      `${instrument.symbol}: the venue still shows open orders after they were canceled; cancel them by hand`,
    )
  }

  return { send, clear }
}

/** Expired or already used: the venue does not tell which. */
const nonceSpentCode = -4225
