import { microsPerDay } from '#shared/kernel/unit.ts'
import type { EquityPath } from './returns.ts'

/** A fall from a peak to a trough, until the peak is reached again. */
export type Drawdown = {
  /** When the peak was made. */
  readonly startUs: number
  readonly troughUs: number
  /** When the peak was reached again; undefined when it never was. */
  readonly endUs: number | undefined
  /** Loss from the peak as a share of the peak, 0 to 1; above 1 when equity went below zero. */
  readonly depthRatio: number
  /** From peak to recovery, or to the last sample when there was none. */
  readonly days: number
}

/** Loss from the highest equity so far, per sample, as a positive share of that peak. */
export function drawdownRatios(equityQuote: readonly number[]): readonly number[] {
  let peak = Number.NEGATIVE_INFINITY
  return equityQuote.map((equity) => {
    peak = Math.max(peak, equity)
    return peak > 0 ? (peak - equity) / peak : 0
  })
}

/** Deepest drawdown, 0 when equity never fell; undefined without equity or without a positive start. */
export function maxDrawdownRatio(equityQuote: readonly number[]): number | undefined {
  const start = equityQuote[0]
  if (start === undefined || start <= 0) return undefined
  return drawdownRatios(equityQuote).reduce((deepest, depth) => Math.max(deepest, depth), 0)
}

/** The deepest drawdowns of a path, deepest first; each sample belongs to at most one. */
export function worstDrawdowns(path: EquityPath, most = 5): readonly Drawdown[] {
  const found: Drawdown[] = []
  let peak = Number.NEGATIVE_INFINITY
  let startUs = 0
  let trough: { readonly us: number; readonly depthRatio: number } | undefined
  const close = (endUs: number | undefined, lastUs: number) => {
    if (!trough) return
    const days = (lastUs - startUs) / microsPerDay
    found.push({ startUs, troughUs: trough.us, endUs, depthRatio: trough.depthRatio, days })
    trough = undefined
  }
  for (const [index, equity] of path.equityQuote.entries()) {
    const us = path.timeUs[index]!
    if (equity >= peak) {
      close(us, us)
      peak = equity
      startUs = us
      continue
    }
    if (peak <= 0) continue
    const depthRatio = (peak - equity) / peak
    if (!trough || depthRatio > trough.depthRatio) trough = { us, depthRatio }
  }
  close(undefined, path.timeUs.at(-1) ?? startUs)
  return found.sort((a, b) => b.depthRatio - a.depthRatio).slice(0, most)
}
