import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { quoteFromTicks } from '#shared/market/instrument.ts'
import { equityE8, markE8, positionOf, valueAtE8 } from '../account.ts'
import type { Execution } from '../order.ts'
import type { ExchangeState } from '../state.ts'

/** What a backtest writes down while it runs. Columns of one table have one length. */
export type BacktestRecord = {
  readonly equity: EquityRecord
  readonly fills: FillRecord
}

export type EquityRecord = {
  /** Distance of the samples, in seconds; doubles whenever the table is full. */
  periodSeconds: number
  timeUs: number[]
  /** Wallets and open positions at the mark, over all accounts. */
  equityQuote: number[]
  /** Gross notional of all positions at the mark. */
  exposureQuote: number[]
  /** Middle of the book in quote per instrument; undefined while there is none. */
  midQuote: (number | undefined)[][]
}

export type FillRecord = {
  readonly executions: Execution[]
  /** Best bid + best ask in ticks at the exchange before what caused the fill; undefined when one side was empty. */
  readonly midTwiceTicks: (number | undefined)[]
  /** The same for each horizon after the fill, by horizon; shorter than the table past the end. */
  readonly laterMidTwiceTicks: readonly (number | undefined)[][]
  readonly isLiquidation: boolean[]
}

export type Recorder = {
  readonly record: BacktestRecord
  /** When {@link Recorder.advance} has something to do next. */
  dueUs: number
  /** Takes the samples that are due; the exchange stands at that time. */
  advance(nowUs: number): void
  fill(execution: Execution, isLiquidation: boolean): void
  /** First sample and first moment of the regular grid. */
  begin(nowUs: number): void
  /** One last sample on the next grid point, as of now. */
  end(): void
}

/** Samples kept; a longer run is sampled half as often. */
const samplesMax = 16_384

/**
 * @param midTwiceTicks - middle of each market now, doubled; 0 when one side is empty
 * @param horizonsSeconds - when the mid is looked at after each fill, in rising order
 */
export function createRecorder(
  exchange: ExchangeState,
  midTwiceTicks: readonly number[],
  horizonsSeconds: readonly number[],
): Recorder {
  const equity: EquityRecord = {
    periodSeconds: 1,
    timeUs: [],
    equityQuote: [],
    exposureQuote: [],
    midQuote: exchange.markets.map(() => []),
  }
  const fills: FillRecord = {
    executions: [],
    midTwiceTicks: [],
    laterMidTwiceTicks: horizonsSeconds.map(() => []),
    isLiquidation: [],
  }
  const horizonsUs = horizonsSeconds.map((seconds) => seconds * microsPerSecond)
  const midOf = (id: number): number | undefined => midTwiceTicks[id] || undefined
  let sampleUs = Number.POSITIVE_INFINITY

  const sample = (timeUs: number) => {
    equity.timeUs.push(timeUs)
    equity.equityQuote.push(quoteFromE8(totalEquityE8(exchange)))
    equity.exposureQuote.push(grossQuote(exchange))
    exchange.markets.forEach(({ instrument }, id) => {
      const mid = midOf(id)
      equity.midQuote[id]!.push(mid === undefined ? undefined : quoteFromTicks(instrument, mid / 2))
    })
    if (equity.timeUs.length > samplesMax) halve(equity)
    sampleUs = equity.timeUs.at(-1)! + equity.periodSeconds * microsPerSecond
  }

  const nextMarkoutUs = (): number => {
    let dueUs = Number.POSITIVE_INFINITY
    horizonsUs.forEach((horizonUs, index) => {
      const next = fills.executions[fills.laterMidTwiceTicks[index]!.length]
      if (next) dueUs = Math.min(dueUs, next.timeUs + horizonUs)
    })
    return dueUs
  }

  const recorder: Recorder = {
    record: { equity, fills },
    dueUs: Number.POSITIVE_INFINITY,
    advance(nowUs) {
      if (sampleUs <= nowUs) sample(sampleUs)
      horizonsUs.forEach((horizonUs, index) => {
        const seen = fills.laterMidTwiceTicks[index]!
        for (;;) {
          const next = fills.executions[seen.length]
          if (!next || next.timeUs + horizonUs > nowUs) break
          seen.push(midOf(next.instrumentId))
        }
      })
      recorder.dueUs = Math.min(sampleUs, nextMarkoutUs())
    },
    fill(execution, isLiquidation) {
      fills.executions.push(execution)
      fills.midTwiceTicks.push(midOf(execution.instrumentId))
      fills.isLiquidation.push(isLiquidation)
      recorder.dueUs = Math.min(sampleUs, nextMarkoutUs())
    },
    begin(nowUs) {
      sample(Math.floor(nowUs / microsPerSecond) * microsPerSecond)
      recorder.dueUs = Math.min(sampleUs, nextMarkoutUs())
    },
    end() {
      if (equity.timeUs.length > 0) sample(sampleUs)
      recorder.dueUs = Number.POSITIVE_INFINITY
    },
  }
  return recorder
}

/** Wallets plus unrealised P&L over all accounts, at the marks. */
function totalEquityE8(exchange: ExchangeState): bigint {
  let total = 0n
  for (const account of exchange.accounts) total += equityE8(exchange, account)
  return total
}

function grossQuote(exchange: ExchangeState): number {
  let gross = 0
  for (const account of exchange.accounts)
    for (const market of exchange.markets) {
      const { lots } = positionOf(account, market.instrument.id)
      const mark = lots === 0 ? undefined : markE8(market)
      if (mark !== undefined)
        gross += Math.abs(quoteFromE8(valueAtE8(market.instrument, lots, mark)))
    }
  return gross
}

/** Drops every second sample, the first one stays. */
function halve(equity: EquityRecord): void {
  const everySecond = <Value>(column: Value[]): Value[] =>
    column.filter((_, index) => index % 2 === 0)
  equity.periodSeconds *= 2
  equity.timeUs = everySecond(equity.timeUs)
  equity.equityQuote = everySecond(equity.equityQuote)
  equity.exposureQuote = everySecond(equity.exposureQuote)
  equity.midQuote = equity.midQuote.map(everySecond)
}
