/** How price is taken to move inside a bar, of which only open, high, low and close are known. */
export const intrabarPaths = ['pessimistic', 'open-high-low-close', 'open-low-high-close'] as const
export type IntrabarPath = (typeof intrabarPaths)[number]

/** The path in one sentence, for the assumptions of a report. */
export const intrabarPathText: Readonly<Record<IntrabarPath, string>> = {
  pessimistic:
    'within a bar price goes open, adverse extreme, favourable extreme, close (adverse for the position held after the open; when flat, against the side that has more resting)',
  'open-high-low-close': 'within a bar price goes open, high, low, close',
  'open-low-high-close': 'within a bar price goes open, low, high, close',
}

/**
 * Whether the high comes before the low.
 *
 * Pessimistic: a long sees the low first, so its stop comes before its target; a short sees the high first. Flat
 * with buys resting sees the high first, so that what is bought on the way down has no high left to profit from.
 *
 * @param positionLots - signed, after orders at the open
 * @param workingLots - signed sum of resting entries; buys positive
 */
export function isHighFirst(
  path: IntrabarPath,
  positionLots: number,
  workingLots: number,
): boolean {
  if (path === 'open-high-low-close') return true
  if (path === 'open-low-high-close') return false
  if (positionLots !== 0) return positionLots < 0
  return workingLots >= 0
}
