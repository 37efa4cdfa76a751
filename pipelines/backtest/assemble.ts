import type {
  BacktestResult,
  BacktestSource,
  FillColumns,
  LiquidationRow,
} from '#shared/analytics/result.ts'
import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import { baseFromLots, type Instrument, quoteFromTicks } from '#shared/market/instrument.ts'
import type { BacktestOutcome } from '#shared/simulation/backtest/backtest.ts'
import type { LatencyModel } from '#shared/simulation/backtest/latency.ts'
import { describeQueueModel, type QueueModel } from '#shared/simulation/backtest/queue-model.ts'
import type { FillRecord } from '#shared/simulation/backtest/record.ts'
import { roundTripsOf } from './round-trip.ts'

/** What a result says besides what happened. */
export type ResultContext = {
  readonly strategy: string
  readonly parameters: BacktestResult['parameters']
  readonly instruments: readonly Instrument[]
  readonly equityQuote: number
  readonly latency: LatencyModel
  readonly queueModel: QueueModel
  readonly sources: readonly BacktestSource[]
  readonly seed: number
  readonly command: string
  readonly commit: string
}

/** Brings what a backtest wrote down into the shape that statistics and report read. */
export function assembleResult(context: ResultContext, outcome: BacktestOutcome): BacktestResult {
  const { equityQuote, instruments, sources } = context
  const { pnl, record } = outcome
  const fills = fillColumns(record.fills, instruments)
  const { equity } = record
  const notional = fills.priceQuote.map((price, at) => price * (fills.sizeBase[at] ?? 0))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const traded = instruments.filter(({ accountId }) => accountId === 0)
  return {
    engine: 'tick',
    strategy: context.strategy,
    parameters: context.parameters,
    symbols: instruments.map(({ symbol }) => symbol),
    startUs: outcome.startUs,
    endUs: outcome.endUs,
    seed: context.seed,
    startEquityQuote: equityQuote,
    sources,
    command: context.command,
    commit: context.commit,
    assumptions: assumptionsOf(context, outcome),
    equity: {
      periodSeconds: equity.periodSeconds,
      timeUs: equity.timeUs,
      equityQuote: equity.equityQuote,
      exposureQuote: equity.exposureQuote,
    },
    pnl: {
      totalQuote: quoteFromE8(pnl.totalE8),
      spreadQuote: quoteFromE8(pnl.spreadE8),
      priceQuote: quoteFromE8(pnl.priceE8),
      feesQuote: quoteFromE8(-pnl.feesE8),
      fundingQuote: quoteFromE8(pnl.fundingE8),
      slippageQuote: quoteFromE8(pnl.slippageE8),
      liquidationQuote: quoteFromE8(pnl.liquidationE8),
    },
    fills,
    roundTrips: roundTripsOf(record.fills.executions, instruments, record.fills.isLiquidation),
    orders: outcome.orders,
    tradedNotionalQuote: sum(notional),
    makerNotionalQuote: sum(notional.filter((_, at) => fills.liquidity[at] === 'maker')),
    fillRatio: outcome.orders === 0 ? undefined : outcome.filledOrders / outcome.orders,
    liquidations: liquidationRows(record.fills, instruments),
    benchmarks: [
      {
        name: `buy and hold ${traded[0]!.symbol}`,
        equityQuote: heldEquity(equityQuote, [equity.midQuote[traded[0]!.id]!]),
      },
      {
        name: 'equal weight',
        equityQuote: heldEquity(
          equityQuote,
          traded.map(({ id }) => equity.midQuote[id]!),
        ),
      },
    ],
    warnings: warningsOf(outcome, instruments, sources),
  }
}

function fillColumns(record: FillRecord, instruments: readonly Instrument[]): FillColumns {
  const { executions, laterMidTwiceTicks, midTwiceTicks } = record
  const marketOf = (at: number) => instruments[executions[at]!.instrumentId]!
  return {
    timeUs: executions.map(({ timeUs }) => timeUs),
    symbol: executions.map((_, at) => marketOf(at).symbol),
    side: executions.map(({ side }) => side),
    priceQuote: executions.map(({ priceTicks }, at) => quoteFromTicks(marketOf(at), priceTicks)),
    sizeBase: executions.map(({ sizeLots }, at) => baseFromLots(marketOf(at), sizeLots)),
    liquidity: executions.map(({ isMaker }) => (isMaker ? 'maker' : 'taker')),
    feeQuote: executions.map(({ feeE8 }) => quoteFromE8(feeE8)),
    midQuote: midTwiceTicks.map((mid, at) =>
      mid === undefined ? undefined : quoteFromTicks(marketOf(at), mid / 2),
    ),
    markoutBps: executions.map(({ priceTicks, side }, at) =>
      laterMidTwiceTicks.map((later) => {
        const before = midTwiceTicks[at]
        const after = later[at]
        if (before === undefined || after === undefined) return undefined
        const sign = side === 'buy' ? 1 : -1
        return (sign * (after - before) * 1e4) / (2 * priceTicks)
      }),
    ),
  }
}

function liquidationRows(
  { executions, isLiquidation }: FillRecord,
  instruments: readonly Instrument[],
): readonly LiquidationRow[] {
  return executions.flatMap((execution, at) => {
    if (!isLiquidation[at]) return []
    const instrument = instruments[execution.instrumentId]!
    const priceQuote = quoteFromTicks(instrument, execution.priceTicks)
    const sizeBase = baseFromLots(instrument, execution.sizeLots)
    const lossQuote = quoteFromE8(execution.feeE8 - execution.realisedPnlE8)
    return [
      {
        timeUs: execution.timeUs,
        symbol: instrument.symbol,
        priceQuote,
        sizeBase,
        lossQuote,
      },
    ]
  })
}

/** Equity of holding equal parts of some markets from the first sample on, without costs. */
function heldEquity(
  startQuote: number,
  mids: readonly (readonly (number | undefined)[])[],
): readonly number[] {
  const samples = mids[0]?.length ?? 0
  const totals = new Array<number>(samples).fill(0)
  for (const mid of mids) {
    const first = mid.find((value) => value !== undefined)
    let last = first
    for (let at = 0; at < samples; at++) {
      // A book that is lost for a moment keeps the last mid it had.
      last = mid[at] ?? last
      const ratio = first === undefined || last === undefined ? 1 : last / first
      totals[at]! += (startQuote / mids.length) * ratio
    }
  }
  return totals
}

function assumptionsOf(
  { instruments, latency, queueModel }: ResultContext,
  outcome: BacktestOutcome,
): readonly string[] {
  const fees = instruments.map(
    ({ makerFeePpm, symbol, takerFeePpm }) =>
      `${symbol} maker ${makerFeePpm / 100} bps, taker ${takerFeePpm / 100} bps`,
  )
  const marks = [...outcome.inventedMarks].map((id) => instruments[id]!)
  const perpetuals = marks.filter(({ kind }) => kind === 'perpetual')
  return [
    `${latency.description}; connections deliver in order`,
    describeQueueModel(queueModel),
    'our orders do not move the market, are not seen in the book the strategy reads, and take what the book shows',
    `fees: ${fees.join('; ')}`,
    'margin: cross, leverage 20, the built-in schedule of maintenance margin; liquidation is checked once a second at the mark',
    'positions open at the end are valued at the mark, not closed',
    ...(perpetuals.length > 0
      ? [
          `mark price: the tape has none of ${perpetuals.map(({ symbol }) => symbol).join(', ')} at times; the middle of the book stands in`,
        ]
      : []),
    ...(outcome.cutAt
      ? [
          `funding: the tape goes on past the settlement of ${new Date(outcome.cutAt.timeUs / 1_000).toISOString()} without telling its rate; the backtest stops there and leaves out the last ${outcome.cutAt.eventsLeftOut} events`,
        ]
      : []),
    ...(outcome.waivedSettlements > 0
      ? [
          `funding: ${outcome.waivedSettlements} settlements fall into the tape without a rate and were waived, so no funding was charged`,
        ]
      : []),
  ]
}

function warningsOf(
  outcome: BacktestOutcome,
  instruments: readonly Instrument[],
  sources: readonly BacktestSource[],
): readonly string[] {
  const warnings: string[] = []
  if (sources.some(({ isSynthetic }) => isSynthetic))
    warnings.push(
      'the market of this backtest is invented, or may be: it says nothing about profit',
    )
  if (outcome.killedBecause !== undefined)
    warnings.push(`trading stopped before the end: ${outcome.killedBecause}`)
  if (!outcome.accountCheck.exact)
    warnings.push(`the books do not agree: ${outcome.accountCheck.differences.join('; ')}`)
  const open = outcome.openLots.flatMap((lots, id) =>
    lots === 0 ? [] : [`${baseFromLots(instruments[id]!, lots)} ${instruments[id]!.baseAsset}`],
  )
  if (open.length > 0) warnings.push(`positions open at the end: ${open.join(', ')}`)
  if (outcome.orders === 0) warnings.push('no order was placed')
  return warnings
}
