import { secondsPerDay } from '#shared/analytics/period.ts'
import { annualReturnDaysMin, sharpeRatio } from '#shared/analytics/ratio.ts'
import type { TrialSummary } from '#shared/analytics/result.ts'
import type { Space } from './space.ts'

/** Rows of text whose columns line up; numbers to the right. */
export function textTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
}

/** The best trials, one line each, under a header with units. Annual figures need a month of returns. */
export function trialTable(
  ranked: readonly TrialSummary[],
  space: Space,
  rowsMax = 10,
): readonly string[] {
  const names = space.map(({ name }) => name)
  const header = [
    'trial',
    ...names,
    'P&L quote',
    'fees quote',
    'fills',
    'drawdown %',
    'Sharpe/period',
    'Sharpe annual',
  ]
  const rows = ranked.slice(0, rowsMax).map((trial) => {
    const ratio = sharpeRatio({ returns: trial.returns, periodSeconds: trial.periodSeconds })
    return [
      String(trial.trial),
      ...names.map((name) => shortNumber(trial.parameters[name])),
      money(trial.pnlQuote),
      money(trial.feesQuote),
      String(trial.fills),
      (100 * trial.maxDrawdownRatio).toFixed(2),
      ratio ? ratio.perPeriod.toFixed(4) : '–',
      ratio && isLong(trial) ? ratio.annual.toFixed(2) : '–',
    ]
  })
  return textTable([header, ...rows])
}

/** A year of a run of minutes says more about the square root than about the strategy. */
const isLong = ({ returns, periodSeconds }: TrialSummary): boolean =>
  returns.length * periodSeconds >= annualReturnDaysMin * secondsPerDay

const money = (quote: number): string => quote.toFixed(Math.abs(quote) < 10 ? 4 : 2)

const shortNumber = (value: number | undefined): string =>
  value === undefined ? '–' : String(Number(value.toPrecision(5)))
