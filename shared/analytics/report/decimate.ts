/** A column to draw; `undefined` is a gap. */
export type DrawnColumn = readonly (number | undefined)[]

/**
 * Chooses rows to draw when there are more than a screen can show.
 *
 * Keeps the lowest and the highest row of every column in every stretch of time, and both ends. Nothing is averaged, so
 * no spike and no drawdown gets lost.
 *
 * @param stretches - how many stretches time is cut into
 * @returns ascending row indices; all of them when there are few
 */
export function keepExtremes(
  columns: readonly DrawnColumn[],
  stretches: number,
): readonly number[] {
  const rows = columns[0]?.length ?? 0
  if (rows <= stretches * 2) return Array.from({ length: rows }, (_, row) => row)
  const kept = new Set([0, rows - 1])
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * rows) / stretches)
    const to = Math.floor(((stretch + 1) * rows) / stretches)
    for (const column of columns) {
      kept.add(extreme(column, from, to, 1))
      kept.add(extreme(column, from, to, -1))
    }
  }
  return [...kept].sort((a, b) => a - b)
}

function extreme(column: DrawnColumn, from: number, to: number, sign: 1 | -1): number {
  let best = from
  let bestValue = Number.NEGATIVE_INFINITY
  for (let row = from; row < to; row++) {
    const value = column[row]
    if (value !== undefined && value * sign > bestValue) {
      bestValue = value * sign
      best = row
    }
  }
  return best
}
