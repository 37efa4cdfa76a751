/** Lots that one strategy wants to trade on an instrument; positive buys. */
export type WantedLots = { readonly strategy: string; readonly deltaLots: number }

/** How one strategy's wish is met: partly at the venue, partly against another strategy. */
export type NettedShare = {
  readonly strategy: string
  /** Signed, of the order that goes to the venue; all shares have the sign of the net. */
  readonly externalLots: number
  /** Signed, moved between sub-books at one price; sums to zero over the strategies. */
  readonly internalLots: number
}

export type Netted = {
  /** What the venue sees. */
  readonly netLots: number
  readonly shares: readonly NettedShare[]
}

/**
 * Nets what several strategies want on one instrument, so the account never buys and sells at once.
 *
 * The side with more lots goes to the venue with the difference, its strategies served in the given order; the rest
 * is met between sub-books. For each strategy external + internal = wanted, and Σ external = Σ wanted.
 */
export function netTargets(wanted: readonly WantedLots[]): Netted {
  const netLots = wanted.reduce((sum, { deltaLots }) => sum + deltaLots, 0)
  const sign = Math.sign(netLots)
  let externalLeft = Math.abs(netLots)
  const shares = wanted.map(({ strategy, deltaLots }) => {
    const isNetSide = sign !== 0 && Math.sign(deltaLots) === sign
    const external = isNetSide ? Math.min(Math.abs(deltaLots), externalLeft) : 0
    externalLeft -= external
    const externalLots = external === 0 ? 0 : sign * external
    return { strategy, externalLots, internalLots: deltaLots - externalLots }
  })
  return { netLots, shares }
}
