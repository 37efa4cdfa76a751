import { type BacktestResult, markoutSeconds } from '#shared/analytics/result.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import {
  type Backtest,
  type BacktestOutcome,
  createBacktest,
} from '#shared/simulation/backtest/backtest.ts'
import {
  type ComparedFill,
  compareFills,
  type FillError,
  type SideError,
} from '#shared/simulation/backtest/fill-error.ts'
import {
  interpolatedLatency,
  type LatencyModel,
  type LatencySample,
} from '#shared/simulation/backtest/latency.ts'
import { createOwnOrders } from '#shared/simulation/backtest/recorded-orders.ts'
import { createRefill, type Refill } from '#shared/simulation/backtest/refill.ts'
import { createTraderFromSpec } from '#shared/trading/engine/spec.ts'
import type { Order } from '#shared/trading/order/order.ts'
import { assembleResult } from './assemble.ts'
import type { Origin } from './options.ts'
import type { ParityRow } from './output.ts'
import { type RecordedRun, readRecordedRun } from './recorded-run.ts'
import { describeSources, isMarketEvent, located, type TapeGroup } from './tape-set.ts'

/** How a run compares with its backtest. */
export type Parity = {
  /** The same events, stepped again, gave the same intents; null when the run left no summary to compare with. */
  readonly isReplayEqual: boolean | null
  readonly events: number
  readonly intents: number
  readonly intentsHash: string
  readonly recordedOrders: number
  readonly simulatedOrders: number
  /** Orders of the run that the re-simulation placed with the same id, side, price and size. */
  readonly sameOrders: number
  /** Fills of the orders made anew. Once a fill differs, so do the orders after it. */
  readonly fillError: FillError
  /** Both sides together, 0 to 1; undefined when nothing filled. */
  readonly differingRatio: number | undefined
  /** Fills of the run's own orders, sent again when the run sent them: the error of the fill simulation alone. */
  readonly sameOrdersFillError: FillError
  readonly sameOrdersDifferingRatio: number | undefined
  readonly recordedPnlQuote: number
  readonly simulatedPnlQuote: number
  readonly pnlDifferenceQuote: number
  /** Book levels at which the recording showed less than the run's own orders. */
  readonly contradictions: number
}

/**
 * Compares a run with its backtest: once fed with everything it received, which must give the same intents, and once
 * from its market alone, with its orders made anew and filled by the simulated queue.
 *
 * @throws TradingError FILE_UNREADABLE, TAPE_MALFORMED
 */
export async function runParity(run: string, origin: Origin) {
  const recorded = await readRecordedRun(run)
  const again = await resimulate(recorded)
  const parity = compare(recorded, again, await refill(recorded, again.latency))
  const result = await describe(recorded, again, origin)
  const { isReplayEqual } = parity
  return {
    result,
    isFundingWaived: false,
    parity: { rows: rowsOf(recorded, parity), figures: parity },
    notes: notesOf(parity),
    exitCode: isReplayEqual === false ? 1 : 0,
  }
}

type Resimulation = {
  readonly outcome: BacktestOutcome
  readonly orders: readonly Order[]
  readonly latency: LatencyModel
  readonly contradictions: number
}

/** The market of the run fills the orders of a fresh trader. Timers and commands come when they came to the run. */
async function resimulate(recorded: RecordedRun): Promise<Resimulation> {
  const { instruments, spec, tapePath, walletsE8 } = recorded
  const latency = latencyOf(recorded)
  const own = createOwnOrders(recorded.orders.values())
  const orders: Order[] = []
  const group: TapeGroup = { paths: [tapePath], header: recorded.header }
  const { batches } = await openTape([tapePath])
  let backtest: Backtest | undefined
  let hasBegun = false
  let row = 0
  for await (const batch of batches)
    for (const event of batch) {
      row++
      backtest ??= createBacktest({
        trader: createTraderFromSpec(spec, instruments),
        walletsE8,
        startUs: event.eventTimeUs,
        latency,
        queueModel: 'behind',
        // The tape has the marks that the run saw; where it has none, nobody was charged.
        missingFunding: 'waive',
        schedule: 'given',
        markoutSeconds,
        onIntent: (intent) => {
          if (intent.kind === 'place') orders.push(intent.order)
        },
      })
      try {
        if (isMarketEvent(event)) {
          const market = own.withoutOwn(event)
          if (market) backtest.market(market, event, event.receiveTimeUs)
          else backtest.deliver(event)
        } else if (isGiven(event.kind, hasBegun)) backtest.deliver(event)
        hasBegun ||= event.kind === 'command' && event.command === 'start'
      } catch (error) {
        throw located(error, group, row)
      }
    }
  const outcome = backtest?.end()
  if (!outcome || outcome.tradingFromUs === undefined)
    throw new TradingError('TAPE_MALFORMED', `${tapePath}: the run never began to trade`)
  return { outcome, orders, latency, contradictions: own.contradictions }
}

/** Sends the run's own intents again, at the times at which they left, and fills them by the simulated queue. */
async function refill(
  { header, instruments, intentsMade, orders, tapePath, walletsE8 }: RecordedRun,
  latency: LatencyModel,
): Promise<readonly ComparedFill[]> {
  const own = createOwnOrders(orders.values())
  let lastUs = 0
  const intents = intentsMade.map(({ intent, madeUs }) => {
    lastUs = Math.max(lastUs, madeUs + Math.round(latency.entryUs(madeUs)))
    return { intent, arrivalUs: lastUs }
  })
  const { batches } = await openTape([tapePath])
  let market: Refill | undefined
  let row = 0
  for await (const batch of batches)
    for (const event of batch) {
      row++
      const outside = isMarketEvent(event) ? own.withoutOwn(event) : undefined
      if (!outside) continue
      market ??= createRefill({ instruments, walletsE8, startUs: event.eventTimeUs, intents })
      try {
        market.market(outside)
      } catch (error) {
        throw located(error, { paths: [tapePath], header }, row)
      }
    }
  return market?.executions ?? []
}

/**
 * What reaches the trader from outside. Everything about orders is the simulation's to say, and once trading has
 * begun so are wallets and positions: what the run's venue stated then came of the run's own fills.
 */
function isGiven(kind: DomainEvent['kind'], hasBegun: boolean): boolean {
  if (kind === 'balance-report' || kind === 'position-report') return !hasBegun
  return kind === 'timer' || kind === 'command' || kind === 'user-stream'
}

/** Entry and response as the run measured them on its own orders; recorded times have whole milliseconds. */
function latencyOf({ orders, tapePath }: RecordedRun): LatencyModel {
  const samples: LatencySample[] = []
  for (const { acceptedUs, madeUs, toldUs } of orders.values()) {
    if (acceptedUs === undefined || toldUs === undefined) continue
    if (madeUs <= (samples.at(-1)?.timeUs ?? Number.NEGATIVE_INFINITY)) continue
    samples.push({
      timeUs: madeUs,
      feedUs: 0,
      entryUs: Math.max(0, acceptedUs - madeUs),
      responseUs: Math.max(0, toldUs - acceptedUs),
    })
  }
  if (samples.length > 0)
    return {
      ...interpolatedLatency(samples),
      description: `latency: feed as recorded; entry and response interpolated between ${samples.length} orders of the run`,
    }
  throw new TradingError(
    'TAPE_MALFORMED',
    `${tapePath}: the run placed no order that the venue accepted, so there is nothing to compare`,
  )
}

function compare(
  recorded: RecordedRun,
  again: Resimulation,
  refilled: readonly ComparedFill[],
): Parity {
  const { instruments } = recorded
  const simulated: ComparedFill[] = again.outcome.record.fills.executions
  const fills = recorded.fills.map(
    ({ clientOrderId, eventTimeUs, instrumentId, priceTicks, side, sizeLots }): ComparedFill => ({
      clientOrderId,
      instrumentId,
      side,
      priceTicks,
      sizeLots,
      timeUs: eventTimeUs,
    }),
  )
  const fillError = compareFills(fills, simulated, instruments, 'near')
  const sameOrdersFillError = compareFills(fills, refilled, instruments, 'same-order')
  const recordedPnlQuote = quoteFromE8(recorded.pnlE8)
  const simulatedPnlQuote = quoteFromE8(again.outcome.pnl.totalE8)
  return {
    isReplayEqual: recorded.claimed ? recorded.claimed.intentsHash === recorded.intentsHash : null,
    events: recorded.events,
    intents: recorded.intents,
    intentsHash: recorded.intentsHash,
    recordedOrders: recorded.orders.size,
    simulatedOrders: again.orders.length,
    sameOrders: again.orders.filter((order) => isSame(order, recorded)).length,
    fillError,
    differingRatio: overall(fillError),
    sameOrdersFillError,
    sameOrdersDifferingRatio: overall(sameOrdersFillError),
    recordedPnlQuote,
    simulatedPnlQuote,
    pnlDifferenceQuote: simulatedPnlQuote - recordedPnlQuote,
    contradictions: again.contradictions,
  }
}

function isSame(order: Order, { orders }: RecordedRun): boolean {
  const other = orders.get(order.clientOrderId)?.order
  return (
    other?.side === order.side &&
    other.instrumentId === order.instrumentId &&
    other.priceTicks === order.priceTicks &&
    other.sizeLots === order.sizeLots
  )
}

function overall({ buy, sell }: FillError): number | undefined {
  const weightOf = (side: SideError) => side.recordedQuote + side.simulatedQuote
  const weight = weightOf(buy) + weightOf(sell)
  if (weight === 0) return undefined
  const differing = (side: SideError) => (side.differingRatio ?? 0) * weightOf(side)
  return (differing(buy) + differing(sell)) / weight
}

async function describe(
  recorded: RecordedRun,
  { latency, outcome }: Resimulation,
  origin: Origin,
): Promise<BacktestResult> {
  const { header, instruments, spec, tapePath, walletsE8 } = recorded
  const names = [...new Set(spec.strategies.map(({ name }) => name))]
  const equityQuote = quoteFromE8(walletsE8.reduce((sum, walletE8) => sum + walletE8, 0n))
  return assembleResult(
    {
      strategy: names.join(' + '),
      parameters: { equityQuote, run: spec.runId },
      instruments,
      equityQuote,
      latency,
      queueModel: 'behind',
      sources: await describeSources([{ paths: [tapePath], header }], [recorded.events]),
      seed: 0,
      ...origin,
    },
    outcome,
  )
}

const percent = (ratio: number | undefined): string =>
  ratio === undefined ? 'no fills' : `${(100 * ratio).toFixed(2)} %`
const money = (quote: number): string => quote.toFixed(4)

function rowsOf(recorded: RecordedRun, parity: Parity): readonly ParityRow[] {
  const { fillError, sameOrdersFillError } = parity
  const side = (label: string, error: SideError): ParityRow[] => [
    {
      label: `${label}: filled notional`,
      live: money(error.recordedQuote),
      backtest: money(error.simulatedQuote),
      difference: `${percent(error.differingRatio)} of it has no counterpart`,
      isEqual: error.differingRatio === 0,
    },
    {
      label: `${label}: fills`,
      live: String(error.recordedFills),
      backtest: String(error.simulatedFills),
      difference:
        error.meanPriceDifferenceBps === undefined
          ? ''
          : `mean price ${error.meanPriceDifferenceBps.toFixed(3)} bps apart`,
      isEqual: error.recordedFills === error.simulatedFills,
    },
  ]
  return [
    {
      label: 'intents for the same events',
      live: recorded.claimed?.intentsHash.slice(0, 16) ?? 'no summary',
      backtest: parity.intentsHash.slice(0, 16),
      difference: parity.isReplayEqual === false ? 'other intents' : '',
      isEqual: parity.isReplayEqual === true,
    },
    ...side('the same orders, buys', sameOrdersFillError.buy),
    ...side('the same orders, sells', sameOrdersFillError.sell),
    {
      label: 'orders, made anew',
      live: String(parity.recordedOrders),
      backtest: String(parity.simulatedOrders),
      difference: `${parity.sameOrders} with the same id, side, price and size`,
      isEqual:
        parity.sameOrders === parity.recordedOrders &&
        parity.simulatedOrders === parity.recordedOrders,
    },
    ...side('orders made anew, buys', fillError.buy),
    ...side('orders made anew, sells', fillError.sell),
    {
      label: 'P&L',
      live: money(parity.recordedPnlQuote),
      backtest: money(parity.simulatedPnlQuote),
      difference: money(parity.pnlDifferenceQuote),
      isEqual: Math.abs(parity.pnlDifferenceQuote) < 1e-8,
    },
  ]
}

const notesOf = (parity: Parity): readonly string[] => [
  `replay      ${parity.isReplayEqual === null ? 'the run left no summary to compare with' : parity.isReplayEqual ? `same ${parity.intents} intents for the same ${parity.events} events` : 'OTHER INTENTS for the same events'}`,
  parity.sameOrdersDifferingRatio === undefined
    ? 'fill error  undefined: nothing was filled'
    : `fill error  ${percent(parity.sameOrdersDifferingRatio)} of the filled size has no counterpart when the run's own orders are filled again (buys ${percent(parity.sameOrdersFillError.buy.differingRatio)}, sells ${percent(parity.sameOrdersFillError.sell.differingRatio)})`,
  `orders      run ${parity.recordedOrders}, made anew ${parity.simulatedOrders}, the same ${parity.sameOrders}`,
  parity.differingRatio === undefined
    ? '            nor when the orders are made anew'
    : `            ${percent(parity.differingRatio)} has none when the orders are made anew, too (buys ${percent(parity.fillError.buy.differingRatio)}, sells ${percent(parity.fillError.sell.differingRatio)})`,
  `P&L         run ${money(parity.recordedPnlQuote)}, backtest ${money(parity.simulatedPnlQuote)}, apart by ${money(parity.pnlDifferenceQuote)}`,
]
