/** What the Avellaneda–Stoikov model needs to know; any price unit works when all fields share it. */
export type AvellanedaStoikovInputs = {
  /** Mid price `s`, in quote per base. */
  readonly midQuote: number
  /** Signed inventory `q`, in base; long is positive. */
  readonly inventoryBase: number
  /** Risk aversion `γ`, in 1/quote. */
  readonly gammaPerQuote: number
  /** Variance rate of the price `σ²`, in (quote/base)² per second. */
  readonly variancePerSecond: number
  /** Decay `k` of the fill intensity λ(δ) = A·exp(−kδ), in base/quote. */
  readonly decayPerQuote: number
  /** Time until the inventory should be flat, `T − t`, in seconds. */
  readonly horizonSeconds: number
}

/**
 * Reservation price: the mid, moved against the inventory we already hold.
 *
 * `r = s − q γ σ² (T − t)`. Dimensions: base · 1/quote · (quote/base)²/s · s = quote/base.
 * It is the variance that enters, not the volatility. Long inventory lowers `r`, so our ask becomes likelier to
 * fill than our bid.
 *
 * @returns `r` in quote per base; a real number, not yet on the tick grid
 * @see Avellaneda & Stoikov (2008), "High-frequency trading in a limit order book", Quantitative Finance 8(3),
 *   217–224, https://doi.org/10.1080/14697680701381228, eq. (3.17) of the 2006 preprint
 */
export function reservationPrice(
  inputs: Pick<
    AvellanedaStoikovInputs,
    'midQuote' | 'inventoryBase' | 'gammaPerQuote' | 'variancePerSecond' | 'horizonSeconds'
  >,
): number {
  const { midQuote, inventoryBase, gammaPerQuote, variancePerSecond, horizonSeconds } = inputs
  return midQuote - inventoryBase * gammaPerQuote * variancePerSecond * horizonSeconds
}

/**
 * Part of the optimal spread that does not depend on time: what the shape of the order flow alone asks for.
 *
 * `(2/γ) ln(1 + γ/k)`. Dimensions: quote. The column "spread" of the paper's tables prints this number.
 *
 * @see Avellaneda & Stoikov (2008), second term of eq. (3.18) of the 2006 preprint
 */
export const flowSpread = (
  inputs: Pick<AvellanedaStoikovInputs, 'gammaPerQuote' | 'decayPerQuote'>,
): number => (2 / inputs.gammaPerQuote) * Math.log1p(inputs.gammaPerQuote / inputs.decayPerQuote)

/**
 * Optimal spread, ask minus bid, centred on the reservation price.
 *
 * `δᵃ + δᵇ = γ σ² (T − t) + (2/γ) ln(1 + γ/k)`. Dimensions: quote/base.
 *
 * @see Avellaneda & Stoikov (2008), eq. (3.18) of the 2006 preprint
 */
export const optimalSpread = (
  inputs: Pick<
    AvellanedaStoikovInputs,
    'gammaPerQuote' | 'variancePerSecond' | 'decayPerQuote' | 'horizonSeconds'
  >,
): number =>
  inputs.gammaPerQuote * inputs.variancePerSecond * inputs.horizonSeconds + flowSpread(inputs)

/** Both quotes as real numbers, `r ∓ spread/2`, not yet on the tick grid. */
export function avellanedaStoikovQuotes(inputs: AvellanedaStoikovInputs): {
  readonly bidQuote: number
  readonly askQuote: number
} {
  const reservation = reservationPrice(inputs)
  const halfSpread = optimalSpread(inputs) / 2
  return { bidQuote: reservation - halfSpread, askQuote: reservation + halfSpread }
}
