/** A seeded source of numbers. Same seed, same sequence, on every machine. */
export type Random = {
  /** Uniform in [0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Exponential with the given rate, in 1/rate units. */
  exponential(ratePerUnit: number): number
  /** Poisson count with the given mean. */
  poisson(mean: number): number
  /** Integer in [0, bound). */
  integer(bound: number): number
}

/**
 * xoshiro128** seeded by splitmix32.
 *
 * @see Blackman & Vigna (2021), "Scrambled linear pseudorandom number generators", ACM TOMS 47(4)
 */
export function createRandom(seed: number): Random {
  let mixed = seed >>> 0
  const splitmix = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let d = splitmix()

  const next = () => {
    const x = Math.imul(b, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9)
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  const uniform = () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992

  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    exponential: (ratePerUnit) => -Math.log(1 - uniform()) / ratePerUnit,
    poisson: (mean) => {
      const limit = Math.exp(-mean)
      let count = 0
      for (let product = uniform(); product > limit; product *= uniform()) count++
      return count
    },
    integer: (bound) => Math.floor(uniform() * bound),
  }
}
