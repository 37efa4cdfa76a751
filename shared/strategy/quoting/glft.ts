/** A market as Guéant, Lehalle and Fernandez-Tapia model it. One order is the unit of inventory. */
export type GlftMarket = {
  /** `σ`, in ticks per square root of a second. */
  readonly volatilityTicks: number
  /** `A`, fills per second of an order at the mid. */
  readonly intensityPerSecond: number
  /** `k`, decay of the fill intensity, per tick. */
  readonly decayPerTick: number
  /** `γ`, risk aversion, per tick and unit of inventory. */
  readonly gammaPerTick: number
}

/** Additions of the 2013 paper's section on drift and market impact; both may be absent. */
export type GlftExtensions = {
  /** `μ`, drift of the mid, in ticks per second. */
  readonly driftTicksPerSecond?: number
  /** `ξ`, how far the mid moves against us when one of our orders fills, in ticks. */
  readonly impactTicks?: number
}

/** Distances of both quotes from the mid, in ticks; a negative one would cross it. */
export type QuoteDistances = { readonly bidTicks: number; readonly askTicks: number }

/**
 * Optimal distances far from the end of trading, closed form.
 *
 * `δᵇ(q) ≈ (1/γ) ln(1+γ/k) + ξ/2 + [−μ/(γσ²) + (2q+1)/2] · e^{kξ/4} · √(σ²γ/(2kA) · (1+γ/k)^{1+k/γ})`,
 * `δᵃ(q)` the same with `−q` and `−μ`. Dimensions: ticks.
 * It forgets the inventory limit: within a few orders of a tight one use {@link glftGroundState}.
 *
 * @param inventoryOrders - `q`, signed, in orders
 * @see Guéant, Lehalle & Fernandez-Tapia (2013), "Dealing with the inventory risk", Mathematics and Financial
 *   Economics 7(4), 477–507, https://doi.org/10.1007/s11579-012-0087-0
 */
export function glftDistances(
  market: GlftMarket & GlftExtensions,
  inventoryOrders: number,
): QuoteDistances {
  const { volatilityTicks, gammaPerTick } = market
  const impactTicks = market.impactTicks ?? 0
  const driftTicks = market.driftTicksPerSecond ?? 0
  // Without drift the term is zero also where a zero volatility would make it 0/0.
  const lean = driftTicks === 0 ? 0 : driftTicks / (gammaPerTick * volatilityTicks ** 2)
  const constant = flowHalfSpread(market) + impactTicks / 2
  const slope = inventorySlope(market) * Math.exp((market.decayPerTick * impactTicks) / 4)
  return {
    bidTicks: constant + (-lean + (2 * inventoryOrders + 1) / 2) * slope,
    askTicks: constant + (lean - (2 * inventoryOrders - 1) / 2) * slope,
  }
}

/** `(1/γ) ln(1+γ/k)`, in ticks. */
const flowHalfSpread = ({ gammaPerTick, decayPerTick }: GlftMarket): number =>
  Math.log1p(gammaPerTick / decayPerTick) / gammaPerTick

/** `√(σ²γ/(2kA) · (1+γ/k)^{1+k/γ})`, ticks per order of inventory. */
function inventorySlope(market: GlftMarket): number {
  const { volatilityTicks, intensityPerSecond, decayPerTick, gammaPerTick } = market
  const growth = Math.exp(
    (1 + decayPerTick / gammaPerTick) * Math.log1p(gammaPerTick / decayPerTick),
  )
  return (
    volatilityTicks * Math.sqrt((gammaPerTick / (2 * decayPerTick * intensityPerSecond)) * growth)
  )
}

/** Coefficients of {@link glftCoefficients}. */
export type GlftCoefficients = {
  /** `c₁`, ticks. */
  readonly c1Ticks: number
  /** `c₂`; times the volatility it gives ticks per unit of inventory. */
  readonly c2: number
  /** `c₁ + (Δ/2) σ c₂`, ticks. */
  readonly halfSpreadTicks: number
  /** `σ c₂`, ticks per unit of inventory. */
  readonly skewTicks: number
}

/**
 * Half-spread and skew of the approximation with order size `Δ` and a separate aversion `ξ` to fill risk.
 *
 * `c₁ = ln(1+ξΔ/k)/(ξΔ)`, `c₂ = √(γ/(2AΔk) · (1+ξΔ/k)^{k/(ξΔ)+1})`, half-spread `c₁ + (Δ/2)σc₂`, skew `σc₂`;
 * bid = fair − (half + skew·q), ask = fair + (half − skew·q). `ξ = γ` is the paper's model A, `ξ = 0` (taken as
 * the limit: `c₁ = 1/k`, growth `e`) its model B.
 *
 * @param xiPerTick - `ξ`, per tick and unit of inventory; 0 for model B
 * @param orderUnits - `Δ`, inventory units per order
 * @see Guéant (2017), "Optimal market making", Applied Mathematical Finance 24(2), 112–154,
 *   https://doi.org/10.1080/1350486X.2017.1342552, eqs. (4.6) and (4.7)
 */
export function glftCoefficients(
  market: GlftMarket,
  xiPerTick: number = market.gammaPerTick,
  orderUnits = 1,
): GlftCoefficients {
  const { volatilityTicks, intensityPerSecond, decayPerTick, gammaPerTick } = market
  const fillAversion = xiPerTick * orderUnits
  const log = Math.log1p(fillAversion / decayPerTick)
  const c1Ticks = fillAversion === 0 ? 1 / decayPerTick : log / fillAversion
  const growth = fillAversion === 0 ? Math.E : Math.exp((decayPerTick / fillAversion + 1) * log)
  const c2 = Math.sqrt(
    (gammaPerTick / (2 * intensityPerSecond * orderUnits * decayPerTick)) * growth,
  )
  const skewTicks = volatilityTicks * c2
  return { c1Ticks, c2, halfSpreadTicks: c1Ticks + (orderUnits / 2) * skewTicks, skewTicks }
}
