import { askTicks, bidTicks, microsPerHour, microsPerSecond } from '#shared/kernel/unit.ts'
import type { GridConfig } from './config.ts'

/** Prices of one grid: `anchor × (1 + spacing)^line`; line 0 is the anchor. */
export type GridLines = { readonly anchorTicks: number; readonly spacingRatio: number }

/** Price of a line, in ticks, not yet on the price grid. */
const lineTicks = ({ anchorTicks, spacingRatio }: GridLines, line: number): number =>
  anchorTicks * (1 + spacingRatio) ** line

/** A buy at a line, rounded down. */
export const buyTicksAt = (lines: GridLines, line: number): number =>
  bidTicks(lineTicks(lines, line))

/** A sell at a line, rounded up. */
export const sellTicksAt = (lines: GridLines, line: number): number =>
  askTicks(lineTicks(lines, line))

/**
 * Spacing that suits the volatility: `σ √(hours)` relative to the mid, kept within the configured range.
 *
 * @param volatilityTicks - ticks per √s; undefined gives the configured `spacingBps`
 */
export function spacingRatio(
  config: GridConfig,
  midTicks: number,
  volatilityTicks: number | undefined,
): number {
  if (volatilityTicks === undefined) return config.spacingBps / 1e4
  const seconds = (config.volatilityHours * microsPerHour) / microsPerSecond
  const bps = ((volatilityTicks * Math.sqrt(seconds)) / midTicks) * 1e4
  return Math.min(config.spacingBpsMax, Math.max(config.spacingBpsMin, bps)) / 1e4
}

/** True when the mid is more than one spacing beyond the outermost line of either side. */
export const hasLeft = (lines: GridLines, mid: number, below: number, above: number): boolean =>
  mid < lineTicks(lines, -below - 1) || mid > lineTicks(lines, above + 1)
