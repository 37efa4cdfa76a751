import type { EquityPath } from './returns.ts'

/** Return of one calendar month, UTC. */
export type MonthReturn = {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** Last equity of the month over the last one of the month before, less one. */
  readonly returnRatio: number
  /** The path starts or ends inside the month, so that it covers a part of it only. */
  readonly isPartial: boolean
}

/** How far from a month's edge the path may start or end and the month still counts as whole. */
const edgeToleranceUs = 86_400 * 1_000_000

/** Returns by UTC calendar month; they compound to the return of the path. Ends where equity falls to zero. */
export function monthlyReturns(path: EquityPath): readonly MonthReturn[] {
  const months: MonthReturn[] = []
  const startUs = path.timeUs[0]
  const endUs = path.timeUs.at(-1)
  let before = path.equityQuote[0]
  if (startUs === undefined || endUs === undefined || before === undefined) return months
  for (const [index, us] of path.timeUs.entries()) {
    const at = monthOf(us)
    const next = path.timeUs[index + 1]
    const isLast = next === undefined || monthOf(next).key !== at.key
    if (!isLast || index === 0) continue
    if (before <= 0) break
    const after = path.equityQuote[index]!
    const isPartial = startUs > at.startUs + edgeToleranceUs || endUs < at.endUs - edgeToleranceUs
    months.push({
      year: at.year,
      month: at.month,
      returnRatio: after / before - 1,
      isPartial,
    })
    before = after
  }
  return months
}

function monthOf(us: number) {
  const date = new Date(us / 1_000)
  const year = date.getUTCFullYear()
  const month = date.getUTCMonth() + 1
  return {
    year,
    month,
    key: year * 12 + month,
    startUs: Date.UTC(year, month - 1, 1) * 1_000,
    endUs: Date.UTC(year, month, 1) * 1_000,
  }
}
