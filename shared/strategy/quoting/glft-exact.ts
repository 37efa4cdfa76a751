import { TradingError } from '#shared/kernel/error.ts'
import type { GlftExtensions, GlftMarket } from './glft.ts'

/** Inverse iterations; each one shrinks the error at least threefold, so these leave nothing above rounding. */
const iterationCount = 80

/** Exact long-run quotes of one market and inventory limit. */
export type GlftGroundState = {
  /** Distance of the bid from the mid, ticks; undefined at the long limit, where no bid is quoted. */
  bidTicks(inventoryOrders: number): number | undefined
  /** Distance of the ask from the mid, ticks; undefined at the short limit. */
  askTicks(inventoryOrders: number): number | undefined
}

/**
 * Optimal distances far from the end of trading, exact for a hard inventory limit of `±Q` orders.
 *
 * `δᵇ(q) = (1/γ) ln(1+γ/k) + ξ/2 + (1/k) ln(f_q / f_{q+1})`, the ask with `f_{q−1}`. `f` is the ground state of
 * the tridiagonal matrix with diagonal `αq² − kμq` and off-diagonal `−η e^{−kξ/2}`, where `α = (k/2)γσ²` and
 * `η = A(1+γ/k)^{−(1+k/γ)}`. Allocates: for tests and for settings computed once, not for the tick path.
 *
 * @param inventoryOrdersMax - `Q`, a whole number of orders, at least 1
 * @throws TradingError CONFIG_INVALID when `inventoryOrdersMax` is not a whole number of at least 1
 * @see Guéant, Lehalle & Fernandez-Tapia (2013), "Dealing with the inventory risk", Mathematics and Financial
 *   Economics 7(4), 477–507, https://doi.org/10.1007/s11579-012-0087-0
 */
export function glftGroundState(
  market: GlftMarket & GlftExtensions,
  inventoryOrdersMax: number,
): GlftGroundState {
  if (!Number.isInteger(inventoryOrdersMax) || inventoryOrdersMax < 1)
    throw new TradingError(
      'CONFIG_INVALID',
      `inventory limit ${inventoryOrdersMax} must be a whole number of orders, at least 1`,
    )
  const { decayPerTick, gammaPerTick } = market
  const constant =
    Math.log1p(gammaPerTick / decayPerTick) / gammaPerTick + (market.impactTicks ?? 0) / 2
  const state = groundState(market, inventoryOrdersMax)
  const distance = (from: number, to: number): number | undefined => {
    const here = state[from + inventoryOrdersMax]
    const there = state[to + inventoryOrdersMax]
    if (here === undefined || there === undefined) return undefined
    return constant + Math.log(here / there) / decayPerTick
  }
  return {
    bidTicks: (inventoryOrders) => distance(inventoryOrders, inventoryOrders + 1),
    askTicks: (inventoryOrders) => distance(inventoryOrders, inventoryOrders - 1),
  }
}

/** Eigenvector of the smallest eigenvalue by inverse iteration below the spectrum; index `q + Q`, all positive. */
function groundState(market: GlftMarket & GlftExtensions, limit: number): Float64Array {
  const { volatilityTicks, intensityPerSecond, decayPerTick, gammaPerTick } = market
  const alpha = (decayPerTick / 2) * gammaPerTick * volatilityTicks ** 2
  const eta =
    intensityPerSecond *
    Math.exp(-(1 + decayPerTick / gammaPerTick) * Math.log1p(gammaPerTick / decayPerTick))
  const coupling = eta * Math.exp((-decayPerTick * (market.impactTicks ?? 0)) / 2)

  const size = 2 * limit + 1
  const diagonal = new Float64Array(size)
  for (let row = 0; row < size; row++) {
    const q = row - limit
    diagonal[row] = alpha * q * q - decayPerTick * (market.driftTicksPerSecond ?? 0) * q
  }
  // Gershgorin: every eigenvalue is above the smallest diagonal entry minus both couplings.
  const shift = Math.min(...diagonal) - 2 * coupling

  let state = new Float64Array(size).fill(1)
  for (let iteration = 0; iteration < iterationCount; iteration++) {
    state = solveTridiagonal(diagonal, shift, coupling, state)
    const largest = Math.max(...state)
    for (let row = 0; row < size; row++) state[row]! /= largest
  }
  return state
}

/** Solves `(M − shift) x = right` by elimination (Thomas); stable because the matrix is diagonally dominant. */
function solveTridiagonal(
  diagonal: Float64Array,
  shift: number,
  coupling: number,
  right: Float64Array,
): Float64Array<ArrayBuffer> {
  const size = right.length
  const upper = new Float64Array(size)
  const solution = new Float64Array(size)
  for (let row = 0; row < size; row++) {
    const pivot = diagonal[row]! - shift + coupling * (row > 0 ? upper[row - 1]! : 0)
    upper[row] = -coupling / pivot
    solution[row] = (right[row]! + (row > 0 ? coupling * solution[row - 1]! : 0)) / pivot
  }
  for (let row = size - 2; row >= 0; row--) solution[row]! -= upper[row]! * solution[row + 1]!
  return solution
}
