import type {
  BacktestResult,
  FillColumns,
  LiquidationRow,
  PnlParts,
  RoundTripColumns,
} from '#shared/analytics/result.ts'
import { holdEquityQuote } from '#shared/simulation/bar/benchmark.ts'
import type { BarRun } from '#shared/simulation/bar/run.ts'

/** What a result says that the run itself does not know. */
export type BarResultFacts = Pick<
  BacktestResult,
  'sources' | 'command' | 'commit' | 'seed' | 'assumptions' | 'warnings'
>

/** No book stands behind a candle, so nothing is known of the seconds after a fill. */
const noMarkout: readonly undefined[] = [undefined, undefined, undefined]

/** A finished run in the shape that statistics and report read. Times of fills are the opens of their bars. */
export function resultFromRun(run: BarRun, facts: BarResultFacts): BacktestResult {
  const { table, rules, record, strategy } = run
  const { startUs, intervalUs, steps, columns } = table
  const endUs = startUs + steps * intervalUs
  const everySymbol = columns.map((_, index) => index)
  const hold = (symbols: readonly number[]) => [...holdEquityQuote(table, symbols, rules)]
  return {
    ...facts,
    engine: 'candle',
    strategy: strategy.name,
    parameters: strategy.parameters,
    symbols: columns.map(({ symbol }) => symbol),
    startUs,
    endUs,
    startEquityQuote: rules.startEquityQuote,
    equity: {
      periodSeconds: intervalUs / 1e6,
      timeUs: Array.from({ length: steps + 1 }, (_, step) => startUs + step * intervalUs),
      equityQuote: [...record.equityQuote],
      exposureQuote: [...record.exposureQuote],
    },
    pnl: pnlFrom(run),
    fills: fillsFrom(run),
    roundTrips: tripsFrom(run),
    orders: record.placed,
    tradedNotionalQuote: record.turnover,
    makerNotionalQuote: record.makerTurnover,
    fillRatio: record.placed === 0 ? undefined : record.filledOrders / record.placed,
    liquidations: record.liquidations.map(
      ({ step, symbol, priceQuote, sizeBase, lossQuote }): LiquidationRow => ({
        timeUs: startUs + step * intervalUs,
        symbol: columns[symbol]?.symbol ?? '',
        priceQuote,
        sizeBase,
        lossQuote,
      }),
    ),
    benchmarks: [
      { name: `buy-and-hold ${columns[0]?.symbol}`, equityQuote: hold([0]) },
      { name: 'equal-weight', equityQuote: hold(everySymbol) },
    ],
  }
}

/** Price is what is left when everything that was booked by name is taken from the total. */
function pnlFrom({ rules, record }: BarRun): PnlParts {
  const totalQuote = (record.equityQuote.at(-1) as number) - rules.startEquityQuote
  const feesQuote = -record.fees
  const slippageQuote = -record.slippage
  const liquidationQuote = -record.liquidationCost
  const fundingQuote = record.funding
  const priceQuote = totalQuote - feesQuote - slippageQuote - liquidationQuote - fundingQuote
  return {
    totalQuote,
    spreadQuote: 0,
    priceQuote,
    feesQuote,
    fundingQuote,
    slippageQuote,
    liquidationQuote,
  }
}

function fillsFrom({ table, record }: BarRun): FillColumns {
  const { startUs, intervalUs, columns } = table
  return {
    timeUs: record.fillStep.map((step) => startUs + step * intervalUs),
    symbol: record.fillSymbol.map((symbol) => columns[symbol]?.symbol ?? ''),
    side: record.fillBase.map((base) => (base > 0 ? 'buy' : 'sell')),
    priceQuote: record.fillPrice,
    sizeBase: record.fillBase.map(Math.abs),
    liquidity: record.fillIsMaker.map((isMaker) => (isMaker ? 'maker' : 'taker')),
    // The fee of a liquidation is in the liquidation part of the P&L, with what the fund bore of it.
    feeQuote: record.fillFee.map((fee, i) => (record.fillIsLiquidation[i] ? 0 : fee)),
    midQuote: record.fillStep.map(() => undefined),
    markoutBps: record.fillStep.map(() => noMarkout),
  }
}

function tripsFrom({ table, record }: BarRun): RoundTripColumns {
  const { startUs, intervalUs, columns } = table
  const { trips } = record
  return {
    symbol: trips.map(({ symbol }) => columns[symbol]?.symbol ?? ''),
    side: trips.map(({ side }) => side),
    openUs: trips.map(({ openStep }) => startUs + openStep * intervalUs),
    closeUs: trips.map(({ closeStep }) => startUs + closeStep * intervalUs),
    openPriceQuote: trips.map(({ openPriceQuote }) => openPriceQuote),
    closePriceQuote: trips.map(({ closePriceQuote }) => closePriceQuote),
    sizeBase: trips.map(({ sizeBase }) => sizeBase),
    pnlQuote: trips.map(({ pnlQuote }) => pnlQuote),
  }
}
