/**
 * The known word closest to a mistyped one, for "did you mean". A known word that begins with all that was typed is as
 * close as one with two slips.
 *
 * @returns undefined when every word is more than two slips, or a third of its length, away
 * @see Damerau (1964), "A technique for computer detection and correction of spelling errors"
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase()
  let closest: string | undefined
  let fewest = Math.max(2, Math.ceil(word.length / 3)) + 1
  for (const candidate of known) {
    const lower = candidate.toLowerCase()
    const isBeginning = typed.length >= 3 && lower.startsWith(typed)
    const slips = Math.min(slipsBetween(typed, lower), isBeginning ? 2 : Infinity)
    if (slips < fewest) {
      fewest = slips
      closest = candidate
    }
  }
  return closest
}

/** Letters put in, left out, replaced, or swapped with the next, from one word to the other. */
export function slipsBetween(from: string, to: string): number {
  let beforeLast: readonly number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const slips = [
        last[column - 1]! + (isSame ? 0 : 1),
        current[column - 1]! + 1,
        last[column]! + 1,
      ]
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (row > 1 && column > 1 && isSwapped) slips.push(beforeLast[column - 2]! + 1)
      current.push(Math.min(...slips))
    }
    beforeLast = last
    last = current
  }
  return last[to.length]!
}
