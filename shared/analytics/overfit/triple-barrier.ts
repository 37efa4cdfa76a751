import { invariant } from '#shared/kernel/error.ts'

/** What a long position meets first: profit (1), stop (−1) or the end of its time (0). */
export type BarrierLabel = {
  readonly label: -1 | 0 | 1
  /** Bar at which it is decided; the label may not be known before the end of it. */
  readonly touchedBar: number
}

/** Bars and barriers. Ratios are of the entry close, e.g. 0.02 for 2 %. */
export type BarrierInput = {
  readonly closeQuote: ArrayLike<number>
  /** Absent: only closes touch. */
  readonly highQuote?: ArrayLike<number>
  readonly lowQuote?: ArrayLike<number>
  readonly profitRatio: number
  readonly stopRatio: number
  /** Vertical barrier, bars after the entry. */
  readonly barsMax: number
}

/**
 * Triple-barrier labels of a long position entered at every close.
 *
 * The first touch wins. A bar that reaches both barriers is taken as the stop, since nothing tells which came first.
 *
 * @returns one entry per bar; undefined where the series ends before the vertical barrier, also when a price barrier
 *   was touched: keeping only those would select the entries that moved
 * @see López de Prado (2018), "Advances in Financial Machine Learning", Wiley, chapter 3
 */
export function tripleBarrier(input: BarrierInput): readonly (BarrierLabel | undefined)[] {
  const { closeQuote, highQuote = closeQuote, lowQuote = closeQuote, barsMax } = input
  invariant(
    highQuote.length === closeQuote.length && lowQuote.length === closeQuote.length,
    'bar columns have one length',
  )
  return Array.from({ length: closeQuote.length }, (_, entry) => {
    if (entry + barsMax >= closeQuote.length) return undefined
    const profitQuote = closeQuote[entry]! * (1 + input.profitRatio)
    const stopQuote = closeQuote[entry]! * (1 - input.stopRatio)
    for (let bar = entry + 1; bar <= entry + barsMax; bar++) {
      if (lowQuote[bar]! <= stopQuote) return { label: -1, touchedBar: bar }
      if (highQuote[bar]! >= profitQuote) return { label: 1, touchedBar: bar }
    }
    return { label: 0, touchedBar: entry + barsMax }
  })
}
