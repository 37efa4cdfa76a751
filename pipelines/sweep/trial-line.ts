import type { TrialSummary } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'

const numberFields = [
  'trial',
  'pnlQuote',
  'feesQuote',
  'tradedNotionalQuote',
  'fills',
  'maxDrawdownRatio',
  'periodSeconds',
] as const

/** @returns the field that no file could keep, in words; undefined when the trial is sound */
function problemOf(trial: Partial<TrialSummary>): string | undefined {
  for (const field of numberFields)
    if (!Number.isFinite(trial[field])) return `${field} is ${trial[field]}`
  if (typeof trial.parameters !== 'object' || trial.parameters === null) return 'no parameters'
  for (const [name, value] of Object.entries(trial.parameters))
    if (!Number.isFinite(value)) return `parameter ${name} is ${value}`
  if (!Array.isArray(trial.returns)) return 'no returns'
  const index = trial.returns.findIndex((value) => !Number.isFinite(value))
  return index < 0 ? undefined : `return ${index} is ${trial.returns[index]}`
}

/** One line without its end. @throws TradingError ROW_INVALID when a number is missing or not finite */
export function textFromTrial(trial: TrialSummary): string {
  const problem = problemOf(trial)
  if (problem !== undefined)
    throw new TradingError(
      'ROW_INVALID',
      `trial ${trial.trial} with ${JSON.stringify(trial.parameters)}: ${problem}; the run cannot be scored`,
    )
  return JSON.stringify(trial)
}

/** @throws TradingError ROW_INVALID naming file and row */
export function trialFromText(text: string, path: string, row: number): TrialSummary {
  let trial: Partial<TrialSummary> | undefined
  try {
    trial = JSON.parse(text)
  } catch {
    // Told below, with its place.
  }
  const problem = typeof trial === 'object' && trial ? problemOf(trial) : 'not JSON'
  if (problem !== undefined)
    throw new TradingError(
      'ROW_INVALID',
      `${path}, row ${row}: not a trial (${problem}); delete the line and that trial runs again`,
    )
  return trial as TrialSummary
}
