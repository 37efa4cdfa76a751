/** How many instances ran, as one run of the guard saw it. */
export type CountSeen = { readonly atUs: number; readonly count: number }

const microsPerHour = 3_600_000_000

/**
 * Instance hours between two times: each count holds until the next one was seen, also over a pause of the guard.
 *
 * `Σ countᵢ × (tᵢ₊₁ − tᵢ)`; instances × µs / (µs per hour) = hours. Before the first count nothing is known and
 * nothing is counted.
 *
 * @param seen - oldest first
 */
export function gpuHours(seen: readonly CountSeen[], fromUs: number, untilUs: number): number {
  // Whole microseconds, divided once: six times ten minutes are an hour, not a little less.
  let instanceUs = 0
  seen.forEach(({ atUs, count }, index) => {
    const begin = Math.max(atUs, fromUs)
    const end = Math.min(seen[index + 1]?.atUs ?? untilUs, untilUs)
    if (end > begin) instanceUs += count * (end - begin)
  })
  return instanceUs / microsPerHour
}

/** True when the time of day is within the window; the end does not belong to it. */
export function isWithinWindow(
  atUs: number,
  { fromMinute, untilMinute }: { readonly fromMinute: number; readonly untilMinute: number },
): boolean {
  const minute = Math.floor(atUs / 60_000_000) % 1_440
  return fromMinute <= untilMinute
    ? minute >= fromMinute && minute < untilMinute
    : minute >= fromMinute || minute < untilMinute
}
