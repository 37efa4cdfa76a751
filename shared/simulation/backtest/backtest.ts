import { invariant, TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMilli, microsPerSecond, type QuoteE8 } from '#shared/kernel/unit.ts'
import type { AccountEvent, Command, DomainEvent, Fill, MarketEvent } from '#shared/market/event.ts'
import { createIntentHash } from '#shared/trading/engine/intent-hash.ts'
import { step } from '#shared/trading/engine/step.ts'
import {
  clearOutput,
  createOutput,
  isTrading,
  markPriceE8,
  type TraderState,
} from '#shared/trading/engine/trader.ts'
import { type AccountCheck, checkAccounts } from '#shared/trading/ledger/account-check.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import { applyMarketEvent } from '../exchange.ts'
import type { ExchangeState, Market, OrderUpdate } from '../state.ts'
import { applyDepth } from './apply-book.ts'
import type { LatencyModel } from './latency.ts'
import { createTakenEdges, noteEdge, type PnlPartsE8, pnlPartsE8 } from './pnl.ts'
import { createTimedQueue, dequeue, enqueue } from './queue.ts'
import { applyProportionally, type QueueModel } from './queue-model.ts'
import { type BacktestRecord, createRecorder } from './record.ts'
import { createRetiming } from './retime.ts'
import { createVenueSide } from './venue-side.ts'

export type BacktestOptions = {
  /** Fresh; the backtest steps it to the end. */
  readonly trader: TraderState
  /** First deposit by account id. */
  readonly walletsE8: readonly QuoteE8[]
  /** Time of the first event on the venue's clock. */
  readonly startUs: Micros
  readonly latency: LatencyModel
  readonly queueModel: QueueModel
  /** What to do when a perpetual settles funding and no rate was told: an error, or no funding. */
  readonly missingFunding: 'refuse' | 'waive'
  /** `own`: a timer each 100 ms, start and stop by itself; `given`: all of them come by {@link Backtest.deliver}. */
  readonly schedule: 'own' | 'given'
  /** Called once when books are live, before trading starts; throws when nothing could ever trade. */
  readonly admit?: (trader: TraderState) => void
  /** Hears every intent with the time at which it was made. */
  readonly onIntent?: (intent: Intent, madeUs: number) => void
  /** When the mid is looked at after each fill, in rising order. */
  readonly markoutSeconds: readonly number[]
}

export type Backtest = {
  /**
   * The next event of the tape; it must own its levels. Everything that is due before it happens first.
   *
   * @param seen - what the trader is shown instead; the same event when absent
   * @param seenUs - when the trader is shown it; by the latency model when absent
   */
  market(event: MarketEvent, seen?: MarketEvent, seenUs?: number): void
  /** Something that reaches the trader at its receive time, in order with the market. */
  deliver(event: DomainEvent): void
  /** Lets everything happen that is due before `untilUs`, as if the next event were to come then. */
  advance(untilUs: number): void
  /** Cancels what works, lets everything on its way arrive, and adds up. */
  end(): BacktestOutcome
}

export type BacktestOutcome = {
  readonly record: BacktestRecord
  readonly pnl: PnlPartsE8
  /** Market events of the tape. */
  readonly events: number
  /** Trades and single levels of books in them: what most programs count as events. */
  readonly changes: number
  /** Everything that the trader was told. */
  readonly traderEvents: number
  readonly intents: number
  readonly intentsHash: string
  readonly orders: number
  /** Orders that filled at least in part. */
  readonly filledOrders: number
  readonly startUs: number
  readonly endUs: number
  /** When trading began; undefined when book or mark never came. */
  readonly tradingFromUs: number | undefined
  readonly killedBecause: string | undefined
  readonly openLots: readonly number[]
  /** The trader's books against the exchange's, to the unit. */
  readonly accountCheck: AccountCheck
  readonly insuranceE8: QuoteE8
  readonly waivedSettlements: number
  /** The settlement without a rate at which the backtest stopped, and what of the tape came after it. */
  readonly cutAt: { readonly timeUs: number; readonly eventsLeftOut: number } | undefined
  readonly inventedMarks: ReadonlySet<number>
}

const timerEveryUs = 100 * microsPerMilli
/** A tape may run this far past a settlement without a rate, as clocks of recorders differ; the rest is left out. */
const unfundedGraceUs = 2 * microsPerSecond
const never = Number.POSITIVE_INFINITY

/**
 * Replays a tape through the same `step` that trades live, against the exchange core.
 *
 * Five streams in time order share one clock: the exchange's own schedule, orders on their way in, reports on their
 * way out, market data on its way to the trader, and timers. Each delivers in order, so the next thing is the least of
 * five heads. At equal times: market events reach the exchange first, then its schedule (funding, dead-man, marks),
 * then orders, then reports reach the trader, then market data, then the timer; the sample of equity is last.
 */
export function createBacktest(options: BacktestOptions): Backtest {
  const { latency, onIntent, queueModel, schedule, startUs, trader } = options
  const { instruments } = trader.config
  const entries = createTimedQueue<Intent>()
  const responses = createTimedQueue<AccountEvent>()
  const feed = createTimedQueue<DomainEvent>()
  const midTwiceTicks = instruments.map(() => 0)
  const edges = createTakenEdges()
  const hash = createIntentHash()
  const out = createOutput()
  const retime = createRetiming()
  let orders = 0
  let filledOrders = 0
  let events = 0
  let changes = 0
  let traderEvents = 0
  let nowUs: number = startUs
  let tradingFromUs: number | undefined

  const venue = createVenueSide({
    instruments,
    walletsE8: options.walletsE8,
    startUs,
    latency,
    responses,
    feed,
    onOrder,
  })
  const { exchange } = venue
  const { markets } = exchange.state
  const recorder = createRecorder(exchange.state, midTwiceTicks, options.markoutSeconds)
  const isFundingNeeded = options.missingFunding === 'refuse'
  let unfundedUs = isFundingNeeded ? venue.unfundedUs() : never
  let eventsLeftOut = 0
  let exchangeDueUs: number = exchange.nextEventUs()
  let timerUs = schedule === 'own' ? Math.ceil(startUs / timerEveryUs) * timerEveryUs : never
  if (schedule === 'own') openAccounts(feed, options.walletsE8, startUs)
  let dueUs = nextDueUs()

  function onOrder({ execution, order }: OrderUpdate): void {
    if (!execution) return
    const isLiquidation = order.type === 'LIQUIDATION'
    if (!isLiquidation && order.filledLots === execution.sizeLots) filledOrders++
    recorder.fill(execution, isLiquidation)
  }

  function nextDueUs(): number {
    let least = exchangeDueUs
    if (entries.headUs < least) least = entries.headUs
    if (responses.headUs < least) least = responses.headUs
    if (feed.headUs < least) least = feed.headUs
    if (timerUs < least) least = timerUs
    if (recorder.dueUs < least) least = recorder.dueUs
    return least
  }

  /** Lets everything happen that is due before `untilUs`. */
  function runUntil(untilUs: number): void {
    for (dueUs = nextDueUs(); dueUs < untilUs; dueUs = nextDueUs()) {
      nowUs = dueUs
      if (exchangeDueUs <= dueUs) {
        exchange.advance(dueUs as Micros)
        exchangeDueUs = exchange.nextEventUs()
      } else if (entries.headUs <= dueUs) enter(dequeue(entries))
      else if (responses.headUs <= dueUs) tell(dequeue(responses))
      else if (feed.headUs <= dueUs) tell(retime(dequeue(feed), dueUs))
      else if (timerUs <= dueUs) onTimer()
      else recorder.advance(dueUs)
    }
  }

  function enter(intent: Intent): void {
    exchange.state.nowUs = nowUs as Micros
    venue.carryOut(intent)
    if (intent.kind === 'arm-dead-man' && exchangeDueUs < never)
      exchangeDueUs = exchange.nextEventUs()
  }

  function tell(event: DomainEvent): void {
    traderEvents++
    if (event.kind === 'fill')
      noteEdge(edges, event, instruments[event.instrumentId]!, midOf(event))
    step(trader, event, out)
    for (const intent of out.intents) {
      hash.add(intent)
      onIntent?.(intent, nowUs)
      if (intent.kind === 'place') orders++
      enqueue(entries, nowUs + Math.round(latency.entryUs(nowUs)), intent)
    }
    clearOutput(out)
    if (tradingFromUs === undefined && isTrading(trader)) {
      tradingFromUs = nowUs
      recorder.begin(nowUs)
    }
  }

  /** The mid that the trader's ledger measures this fill against. */
  function midOf({ instrumentId }: Fill): number | undefined {
    const book = trader.books[instrumentId]!
    return book.isLive ? book.bestBidTicks + book.bestAskTicks : undefined
  }

  function onTimer(): void {
    const stamp = { eventTimeUs: nowUs as Micros, receiveTimeUs: nowUs as Micros }
    timerUs += timerEveryUs
    tell({ kind: 'timer', ...stamp })
    if (trader.isStarted || !isReady(trader)) return
    options.admit?.(trader)
    tell(commandAt(nowUs, 'start', 'the books are live'))
  }

  function applyToExchange(event: MarketEvent): void {
    const market = markets[event.instrumentId]!
    if (event.kind === 'mark-price') {
      // A mark may move the settlement on: one that is due at this very moment comes first.
      if (exchangeDueUs <= nowUs) exchange.advance(nowUs as Micros)
      venue.noteMark(event)
      applyMarketEvent(exchange.state, event)
      exchangeDueUs = exchange.nextEventUs()
      if (isFundingNeeded) unfundedUs = venue.unfundedUs()
      return
    }
    if (event.kind !== 'book-delta') applyMarketEvent(exchange.state, event)
    else if (queueModel === 'behind') applyDepth(exchange.state, market, event)
    else applyProportionally(exchange.state, market, event)
    if (event.kind !== 'trade') midTwiceTicks[event.instrumentId] = midTwiceOf(market)
  }

  /** Without the rate of a settlement the backtest goes no further than that settlement. */
  function leaveOut(atUs: number): void {
    if (atUs <= unfundedUs + unfundedGraceUs) {
      eventsLeftOut++
      return
    }
    const market = markets.find(({ nextFundingTimeUs }) => nextFundingTimeUs === unfundedUs)
    throw new TradingError(
      'FUNDING_MISSING',
      `${market?.instrument.symbol} settles funding at ${new Date(unfundedUs / 1_000).toISOString()} and the tape has told no funding rate before; use a tape with mark prices, or allow it with --waive-funding`,
    )
  }

  return {
    market(event, seen = event, seenUs) {
      const { eventTimeUs } = event
      // Streams of one venue may be stamped a moment apart; its clock does not run backwards.
      const atUs = Math.max(eventTimeUs, nowUs)
      if (atUs >= unfundedUs) return leaveOut(atUs)
      if (dueUs < atUs) runUntil(atUs)
      events++
      changes += 'levels' in event ? event.bidCount + event.askCount : 1
      nowUs = atUs
      exchange.state.nowUs = atUs as Micros
      applyToExchange(event)
      const arrivalUs =
        seenUs ?? atUs + Math.round(latency.feedUs(eventTimeUs, event.receiveTimeUs))
      enqueue(feed, arrivalUs, seen)
      dueUs = nextDueUs()
    },
    deliver(event) {
      enqueue(feed, event.receiveTimeUs, event)
      dueUs = nextDueUs()
    },
    advance: (untilUs) => runUntil(Math.min(untilUs, unfundedUs)),
    end() {
      const endUs = nowUs
      // What is on its way still arrives, but the venue's clock stands still.
      exchangeDueUs = never
      runUntil(Math.max(endUs, feed.lastUs) + 1)
      timerUs = never
      if (schedule === 'own') tell(commandAt(nowUs, 'stop', 'the tape ends'))
      while (entries.size + responses.size > 0)
        runUntil(Math.max(entries.lastUs, responses.lastUs) + 1)
      recorder.end()
      return {
        record: recorder.record,
        pnl: pnlPartsE8(trader, exchange.state, edges, venue.insuranceE8),
        events,
        changes,
        traderEvents,
        intents: hash.count,
        intentsHash: hash.digest(),
        orders,
        filledOrders,
        startUs,
        endUs,
        tradingFromUs,
        killedBecause: trader.killedBecause,
        openLots: trader.ledger.positions.map(({ lots }) => lots),
        accountCheck: checkBooks(trader, exchange.state, venue.insuranceE8),
        insuranceE8: venue.insuranceE8,
        cutAt: eventsLeftOut > 0 ? { timeUs: unfundedUs, eventsLeftOut } : undefined,
        waivedSettlements: venue.waivedSettlements,
        inventedMarks: venue.inventedMarks,
      }
    },
  }
}

/** What a live session hears first: its wallets, and that reports will come. */
function openAccounts(
  feed: Parameters<typeof enqueue<DomainEvent>>[0],
  walletsE8: readonly QuoteE8[],
  startUs: Micros,
): void {
  const stamp = { eventTimeUs: startUs, receiveTimeUs: startUs }
  walletsE8.forEach((walletE8, accountId) => {
    enqueue(feed, startUs, { kind: 'balance-report', ...stamp, accountId, walletE8 })
    enqueue(feed, startUs, {
      kind: 'user-stream',
      ...stamp,
      accountId,
      isUp: true,
      reason: 'backtest',
    })
  })
}

const isReady = (trader: TraderState): boolean =>
  trader.config.instruments.every(
    ({ id }) => trader.books[id]!.isLive && markPriceE8(trader, id) !== undefined,
  )

const commandAt = (nowUs: number, command: 'start' | 'stop', reason: string): Command => ({
  kind: 'command',
  eventTimeUs: nowUs as Micros,
  receiveTimeUs: nowUs as Micros,
  command,
  reason,
})

/** Best bid + best ask in ticks; 0 when one side is empty. */
function midTwiceOf({ asks, bids }: Market): number {
  const bid = bids.keys.length
  const ask = asks.keys.length
  return bid > 0 && ask > 0 ? bids.keys[bid - 1]! - asks.keys[ask - 1]! : 0
}

/** The same check that ends a live session. A fund that made a wallet whole is no income of the trader. */
function checkBooks(
  trader: TraderState,
  exchange: ExchangeState,
  insuranceE8: QuoteE8,
): AccountCheck {
  invariant(exchange.accounts.length === trader.ledger.accounts.length, 'accounts match')
  return checkAccounts(
    trader.ledger,
    exchange.accounts.map((account, accountId) => {
      const walletE8 = account.walletE8 - (accountId === 0 ? insuranceE8 : 0n)
      const openingE8 = trader.ledger.accounts[accountId]?.openingWalletE8 ?? 0n
      return {
        accountId,
        walletE8,
        positions: trader.config.instruments
          .filter((instrument) => instrument.accountId === accountId)
          .map(({ id, symbol }) => ({ symbol, positionLots: account.positions[id]!.lots })),
        openOrders: [...account.openOrders.values()],
        income: [{ amountE8: walletE8 - openingE8 }],
      }
    }),
  )
}
