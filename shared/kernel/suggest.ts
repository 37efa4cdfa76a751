/**
 * The known word closest to a mistyped one, for "did you mean".
 *
 * @returns undefined when every word is more than two letters, or a third of its length, away
 * @see Levenshtein (1966), "Binary codes capable of correcting deletions, insertions, and reversals"
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  let closest: string | undefined
  let fewest = Math.max(2, Math.ceil(word.length / 3)) + 1
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest) {
      fewest = edits
      closest = candidate
    }
  }
  return closest
}

/** Single-letter insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] as number) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const inserted = (current[column - 1] as number) + 1
      const deleted = (previous[column] as number) + 1
      current.push(Math.min(replaced, inserted, deleted))
    }
    previous = current
  }
  return previous[to.length] as number
}
