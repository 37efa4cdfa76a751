/** Columns for a chart: one time axis, one series per strategy and `total`; a gap is `null`. */
export type EquityCurve = {
  atSeconds: number[]
  /** Quote, by strategy. */
  equity: Record<string, (number | null)[]>
  /** Quote since the run began, by strategy. */
  pnl: Record<string, (number | null)[]>
}

export type EquityPoint = {
  readonly strategy: string
  readonly equity: number
  readonly pnl: number
}

/** A silence longer than this is drawn as a gap. */
const gapSeconds = 10

export const emptyEquityCurve = (): EquityCurve => ({ atSeconds: [], equity: {}, pnl: {} })

/**
 * Appends the points of one moment, in place. Above `pointsMax` every second point goes, so the newest part stays
 * fine and the oldest grows coarse; the points around gaps stay.
 */
export function addEquityPoints(
  curve: EquityCurve,
  atSeconds: number,
  points: readonly EquityPoint[],
  pointsMax: number,
): void {
  const previous = curve.atSeconds.at(-1)
  if (previous !== undefined && atSeconds <= previous) return
  if (previous !== undefined && atSeconds - previous > gapSeconds)
    appendColumn(curve, previous + 1, [])
  appendColumn(curve, atSeconds, points)
  if (curve.atSeconds.length > pointsMax) thin(curve)
}

/** Marks a break in the curve, for example a new run. */
export function breakEquityCurve(curve: EquityCurve): void {
  const previous = curve.atSeconds.at(-1)
  if (previous !== undefined) appendColumn(curve, previous + 0.001, [])
}

function appendColumn(curve: EquityCurve, at: number, points: readonly EquityPoint[]): void {
  const length = curve.atSeconds.push(at)
  for (const { strategy } of points) {
    curve.equity[strategy] ??= []
    curve.pnl[strategy] ??= []
  }
  for (const name of Object.keys(curve.equity)) {
    const point = points.find(({ strategy }) => strategy === name)
    padTo(curve.equity[name]!, length - 1).push(point?.equity ?? null)
    padTo(curve.pnl[name]!, length - 1).push(point?.pnl ?? null)
  }
}

function padTo(series: (number | null)[], length: number): (number | null)[] {
  while (series.length < length) series.push(null)
  return series
}

function thin(curve: EquityCurve): void {
  const all = Object.values(curve.equity)
  const isGap = (index: number) => all.every((series) => (series[index] ?? null) === null)
  const last = curve.atSeconds.length - 1
  const keep = curve.atSeconds.map((_, i) => i % 2 === 0 || i === last || isGap(i))
  const kept = <T>(series: readonly T[]): T[] => series.filter((_, index) => keep[index])
  curve.atSeconds = kept(curve.atSeconds)
  for (const name of Object.keys(curve.equity)) {
    curve.equity[name] = kept(curve.equity[name]!)
    curve.pnl[name] = kept(curve.pnl[name]!)
  }
}
