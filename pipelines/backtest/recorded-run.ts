import { type ClaimedIntents, claimedBeside, tapeOfRun } from '#shared/cloud/local/run-folder.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { DomainEvent, Fill } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'
import type { RecordedOrder } from '#shared/simulation/backtest/recorded-orders.ts'
import { createIntentHash } from '#shared/trading/engine/intent-hash.ts'
import { createTraderFromSpec, type TraderSpec } from '#shared/trading/engine/spec.ts'
import { step } from '#shared/trading/engine/step.ts'
import {
  clearOutput,
  createOutput,
  markPriceE8,
  type TraderState,
} from '#shared/trading/engine/trader.ts'
import { splitPnl } from '#shared/trading/ledger/sub-book.ts'
import type { Intent } from '#shared/trading/order/order.ts'

/** A live or paper run, stepped through once more. */
export type RecordedRun = {
  readonly tapePath: string
  readonly header: TapeHeader
  readonly spec: TraderSpec
  readonly instruments: readonly Instrument[]
  /** First wallet by account id. */
  readonly walletsE8: readonly QuoteE8[]
  readonly orders: ReadonlyMap<string, RecordedOrder>
  /** Everything the trader asked for, with the time at which it did. */
  readonly intentsMade: readonly { readonly intent: Intent; readonly madeUs: number }[]
  /** Each trade once, in the order in which they were told. */
  readonly fills: readonly Fill[]
  readonly pnlE8: QuoteE8
  readonly events: number
  readonly intents: number
  readonly intentsHash: string
  /** What the run wrote down when it ended; undefined when it did not end by itself. */
  readonly claimed: ClaimedIntents | undefined
}

/**
 * Feeds a run's events to a fresh trader and keeps what the run did.
 *
 * @param run - folder of a run, its id, or its tape
 * @throws TradingError FILE_UNREADABLE, TAPE_MALFORMED when the tape was not written by an executor
 */
export async function readRecordedRun(run: string): Promise<RecordedRun> {
  const tapePath = tapeOfRun(run)
  const { batches, header } = await openTape([tapePath])
  const text = header.attributes.spec
  if (!text)
    throw new TradingError(
      'TAPE_MALFORMED',
      `${tapePath} is no tape of a run: it holds market data only; parity needs run/<id>/tape.arrow`,
    )
  const spec = JSON.parse(text) as TraderSpec
  const trader = createTraderFromSpec(spec, header.instruments)
  const memory = createMemory(tapePath, trader)
  const hash = createIntentHash()
  const out = createOutput()
  const intentsMade: { intent: Intent; madeUs: number }[] = []
  let events = 0
  for await (const batch of batches)
    for (const event of batch) {
      events++
      memory.hear(event, events)
      step(trader, event, out)
      for (const intent of out.intents) {
        hash.add(intent)
        intentsMade.push({ intent, madeUs: trader.nowUs })
        if (intent.kind === 'place')
          memory.orders.set(intent.order.clientOrderId, {
            order: intent.order,
            madeUs: trader.nowUs,
            acceptedUs: undefined,
            toldUs: undefined,
            closedUs: Number.POSITIVE_INFINITY,
            fills: [],
          })
      }
      clearOutput(out)
    }
  return {
    tapePath,
    header,
    spec,
    instruments: header.instruments,
    walletsE8: memory.wallets(),
    orders: memory.orders,
    intentsMade,
    fills: memory.fills,
    pnlE8: pnlOf(trader),
    events,
    intents: hash.count,
    intentsHash: hash.digest(),
    claimed: claimedBeside(tapePath),
  }
}

function createMemory(tapePath: string, trader: TraderState) {
  const orders = new Map<string, RecordedOrder>()
  const fills: Fill[] = []
  const seen = new Set<string>()
  return {
    orders,
    fills,
    hear(event: DomainEvent, row: number): void {
      const order = 'clientOrderId' in event ? orders.get(event.clientOrderId) : undefined
      switch (event.kind) {
        case 'order-accepted':
          if (!order || order.acceptedUs !== undefined) return
          order.acceptedUs = event.eventTimeUs
          order.toldUs = event.receiveTimeUs
          return
        case 'order-closed':
          if (order) order.closedUs = Math.min(order.closedUs, event.eventTimeUs)
          return
        case 'fill': {
          const key = `${event.instrumentId} ${event.tradeId}`
          if (seen.has(key)) return
          seen.add(key)
          fills.push(event)
          order?.fills.push(event)
          return
        }
        case 'position-report':
          if (trader.isStarted || event.positionLots === 0) return
          throw new TradingError(
            'TAPE_MALFORMED',
            `${tapePath}, event ${row}: the run took over a position; parity needs a run that starts flat`,
          )
      }
    },
    wallets: () =>
      trader.ledger.accounts.map(({ accountId, openingWalletE8 }) => {
        if (openingWalletE8 !== undefined) return openingWalletE8
        throw new TradingError(
          'TAPE_MALFORMED',
          `${tapePath}: the run never heard the wallet of account ${accountId}`,
        )
      }),
  }
}

function pnlOf(trader: TraderState): QuoteE8 {
  let pnlE8 = 0n
  for (const books of trader.ledger.subBooks.values())
    for (const [id, book] of books) pnlE8 += splitPnl(book, markPriceE8(trader, id)).pnlE8
  return pnlE8
}
