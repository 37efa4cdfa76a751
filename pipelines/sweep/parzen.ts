import type { Random } from '#shared/kernel/random.ts'

/** A density on [0, 1]. */
export type Parzen = {
  draw(random: Random): number
  logDensity(unit: number): number
}

const tailZ = 0.5 * Math.SQRT2
const drawsMax = 100

/**
 * Parzen window over points of [0, 1]: a Gaussian on each point, cut off at the ends, plus one wide Gaussian in the
 * middle as prior, all with one weight. The width of a kernel is the larger distance to its neighbours, at least
 * `1 / min(100, n + 1)`, at most 1: dense places get narrow kernels.
 *
 * @see Bergstra et al. (2011), "Algorithms for Hyper-Parameter Optimization", NIPS 24, section 4.2
 */
export function createParzen(points: readonly number[]): Parzen {
  const centres = [...points, 0.5].sort((a, b) => a - b)
  const prior = centres.indexOf(0.5)
  const narrowest = 1 / Math.min(100, centres.length)
  const widths = centres.map((centre, index) => {
    if (index === prior) return 1
    const below = centre - (centres[index - 1] ?? 0)
    const above = (centres[index + 1] ?? 1) - centre
    return Math.min(1, Math.max(below, above, narrowest))
  })
  // What of each kernel lies inside [0, 1].
  const inside = centres.map((centre, index) => {
    const width = widths[index] as number
    return normalCdf((1 - centre) / width) - normalCdf(-centre / width)
  })
  const logScale = centres.map((_, index) =>
    Math.log(
      1 /
        (centres.length *
          (widths[index] as number) *
          (inside[index] as number) *
          Math.sqrt(2 * Math.PI)),
    ),
  )

  return {
    draw(random) {
      const index = random.integer(centres.length)
      // A kernel has at least a third of its mass inside, so this ends soon.
      for (let attempt = 0; attempt < drawsMax; attempt++) {
        const unit = (centres[index] as number) + (widths[index] as number) * random.normal()
        if (unit >= 0 && unit < 1) return unit
      }
      return centres[index] as number
    },
    logDensity(unit) {
      let density = 0
      for (let index = 0; index < centres.length; index++) {
        const z = (unit - (centres[index] as number)) / (widths[index] as number)
        density += Math.exp((logScale[index] as number) - 0.5 * z * z)
      }
      return Math.log(density)
    },
  }
}

const normalCdf = (z: number): number => 0.5 * (1 + erf(z * tailZ))

/** Error function, absolute error below 1.5e-7. @see Abramowitz & Stegun (1964), formula 7.1.26 */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x))
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const value = 1 - tail * Math.exp(-x * x)
  return x < 0 ? -value : value
}
