import { drawdownRatios } from '../drawdown.ts'
import { periodText, quoteUnitOf } from '../format.ts'
import { periodsPerYear } from '../period.ts'
import type { BacktestResult } from '../result.ts'
import { rollingSharpe } from '../rolling.ts'
import { type DrawnColumn, keepExtremes } from './decimate.ts'
import { statisticsReturns } from './statistics-period.ts'
import type { BacktestSummary } from './summarise.ts'

/** One chart as the page's script draws it. */
export type Chart = {
  readonly id: string
  readonly title: string
  /** What to know when reading it; empty when the title says it all. */
  readonly note: string
  readonly x: 'time' | 'fee' | 'seconds'
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly {
    readonly label: string
    readonly color: 'own' | 'other' | 'third' | 'loss'
    readonly digits: number
    readonly isFilled?: boolean
    readonly hasPoints?: boolean
  }[]
  /** `[x[], y[]…]`; gaps are null. */
  readonly columns: readonly (readonly (number | null)[])[]
}

/** Stretches of time per chart: about one per pixel of a wide screen. */
const stretches = 900

/** All charts of a report, in reading order. A chart without anything to show is left out. */
export function chartsOf(result: BacktestResult, summary: BacktestSummary): readonly Chart[] {
  return [
    equityChart(result),
    drawdownChart(result),
    exposureChart(result),
    sharpeChart(result, summary),
    costChart(result, summary),
    markoutChart(summary),
  ].filter((chart) => chart !== undefined)
}

function equityChart(result: BacktestResult): Chart {
  const { equity, benchmarks } = result
  return {
    ...timeColumns(equity.timeUs, [
      equity.equityQuote,
      ...benchmarks.map(({ equityQuote }) => equityQuote),
    ]),
    id: 'equity',
    title: benchmarks.length > 0 ? 'Equity and benchmarks' : 'Equity',
    x: 'time',
    xLabel: 'time, UTC',
    yLabel: `equity, ${quoteUnitOf(result.symbols)}`,
    series: [
      { label: result.strategy, color: 'own', digits: 2 },
      ...benchmarks.map(({ name }, index) => ({
        label: name,
        color: index === 0 ? ('other' as const) : ('third' as const),
        digits: 2,
      })),
    ],
  }
}

function drawdownChart({ equity }: BacktestResult): Chart {
  return {
    ...timeColumns(equity.timeUs, [drawdownRatios(equity.equityQuote).map((d) => -100 * d)]),
    id: 'drawdown',
    title: 'Drawdown',
    x: 'time',
    xLabel: 'time, UTC',
    yLabel: 'below the peak, %',
    series: [{ label: 'drawdown', color: 'loss', digits: 2, isFilled: true }],
  }
}

function exposureChart(result: BacktestResult): Chart {
  const { equity } = result
  return {
    ...timeColumns(equity.timeUs, [equity.exposureQuote]),
    id: 'exposure',
    title: 'Exposure',
    x: 'time',
    xLabel: 'time, UTC',
    yLabel: `gross notional, ${quoteUnitOf(result.symbols)}`,
    series: [{ label: 'gross notional', color: 'own', digits: 0, isFilled: true }],
  }
}

/** Points of a window: a month of days, a week of hours, an hour of minutes, or a quarter of a short run. */
function rollingWindowPoints(periodSeconds: number, points: number): number | undefined {
  const wanted = periodSeconds >= 86_400 ? 30 : periodSeconds >= 3_600 ? 168 : 60
  const window = Math.min(wanted, Math.floor(points / 4))
  return window >= 10 ? window : undefined
}

function sharpeChart(result: BacktestResult, summary: BacktestSummary): Chart | undefined {
  const { periodSeconds } = summary.performance
  const { returns, timeUs } = statisticsReturns(result.equity, periodSeconds)
  const windowPoints = rollingWindowPoints(periodSeconds, returns.length)
  if (windowPoints === undefined) return undefined
  const annual = rollingSharpe({ returns, periodSeconds, windowPoints })
  const period = periodText(periodSeconds)
  // A year of seconds seen for minutes is a guess: within a day the ratio stays per period.
  const isAnnual = summary.days >= 1
  const scale = isAnnual ? 1 : 1 / Math.sqrt(periodsPerYear(periodSeconds))
  const values = annual.map((value) => (value === undefined ? undefined : value * scale))
  const unit = isAnnual ? 'annual' : `per ${period}`
  return {
    ...timeColumns(timeUs, [values]),
    id: 'sharpe',
    title: `Rolling Sharpe ratio, ${unit}${isAnnual ? ' (365 days)' : ''}, windows of ${windowPoints} × ${period}`,
    x: 'time',
    xLabel: 'time, UTC (end of window)',
    yLabel: `Sharpe, ${unit}`,
    series: [{ label: `Sharpe, ${unit}`, color: 'own', digits: 2 }],
  }
}

function costChart(result: BacktestResult, { costs }: BacktestSummary): Chart | undefined {
  if (costs.tradedNotionalQuote === 0) return undefined
  return {
    id: 'cost',
    title: 'P&L by flat fee',
    note: 'The same fills at another fee: P&L before fees less fee × traded notional.',
    x: 'fee',
    xLabel: 'fee on every fill, bps (negative: rebate)',
    yLabel: `P&L, ${quoteUnitOf(result.symbols)}`,
    series: [{ label: 'P&L', color: 'own', digits: 2, hasPoints: true }],
    columns: [costs.rows.map(({ feeBps }) => feeBps), costs.rows.map(({ pnlQuote }) => pnlQuote)],
  }
}

function markoutChart({ markouts }: BacktestSummary): Chart | undefined {
  if (markouts.every(({ fills }) => fills === 0)) return undefined
  const column = (values: DrawnColumn) => values.map((value) => value ?? null)
  return {
    id: 'markout',
    title: 'Markouts',
    note: 'Mean move of the mid after a fill; below zero it moved against us.',
    x: 'seconds',
    xLabel: 'seconds after the fill',
    yLabel: 'move in our favour, bps',
    series: [
      { label: 'all fills', color: 'own', digits: 3, hasPoints: true },
      { label: 'maker', color: 'other', digits: 3, hasPoints: true },
      { label: 'taker', color: 'third', digits: 3, hasPoints: true },
    ],
    columns: [
      markouts.map(({ seconds }) => seconds),
      column(markouts.map(({ meanBps }) => meanBps)),
      column(markouts.map(({ makerMeanBps }) => makerMeanBps)),
      column(markouts.map(({ takerMeanBps }) => takerMeanBps)),
    ],
  }
}

/** Rows to draw, seconds since 1970 first, with a note when not every sample is drawn. */
function timeColumns(
  timeUs: readonly number[],
  columns: readonly DrawnColumn[],
): Pick<Chart, 'columns' | 'note'> {
  const rows = keepExtremes(columns, stretches)
  const seconds = rows.map((row) => timeUs[row]! / 1_000_000)
  const drawn = columns.map((column) =>
    rows.map((row) => {
      const value = column[row]
      return value === undefined ? null : Number(value.toPrecision(9))
    }),
  )
  const note =
    rows.length === timeUs.length
      ? ''
      : `${rows.length} of ${timeUs.length} samples drawn: the lowest and highest of each stretch, nothing averaged.`
  return { columns: [seconds, ...drawn], note }
}
