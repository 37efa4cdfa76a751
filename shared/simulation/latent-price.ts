import { createRandom, type Random } from '#shared/kernel/random.ts'

/** The price of one coin that all its markets follow, advanced in fixed steps. */
export type LatentPrice = {
  /** Log of the index price after step `step`; steps must not go back. */
  logIndexAt(step: number): number
  /** Return of the last step in units of its usual standard deviation, for order flow that knows. */
  surpriseOf(): number
}

const reversionPerSecond = 1 / 7_200
const volatilityReversionPerSecond = 1 / 120
const volatilityOfVolatility = 0.06

/** Different streams for different names, so that adding a market changes no other. */
export function randomFor(seed: number, name: string): Random {
  let hash = 0x811c9dc5
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
  return createRandom((seed ^ hash) >>> 0)
}

/**
 * A random walk in log price with clustered volatility and a weak pull to where it started:
 * `Δx = −κ (x − x₀) Δt + σ e^v √Δt ε`, with `v` an Ornstein–Uhlenbeck process around 0.
 *
 * @param stepSeconds - length of one step
 * @param volatilityBps - usual σ in basis points per square root of a second
 */
export function createLatentPrice(options: {
  seed: number
  baseAsset: string
  startQuote: number
  volatilityBps: number
  stepSeconds: number
}): LatentPrice {
  const { seed, baseAsset, startQuote, volatilityBps, stepSeconds } = options
  const random = randomFor(seed, `latent ${baseAsset}`)
  const start = Math.log(startQuote)
  const sigma = (volatilityBps / 10_000) * Math.sqrt(stepSeconds)
  const volatilityNoise = volatilityOfVolatility * Math.sqrt(stepSeconds)
  let at = 0
  let logPrice = start
  let logVolatility = 0
  let surprise = 0

  return {
    logIndexAt: (step) => {
      for (; at < step; at++) {
        logVolatility +=
          -volatilityReversionPerSecond * logVolatility * stepSeconds +
          volatilityNoise * random.normal()
        surprise = random.normal()
        const pull = -reversionPerSecond * (logPrice - start) * stepSeconds
        logPrice += pull + sigma * Math.exp(logVolatility) * surprise
      }
      return logPrice
    },
    surpriseOf: () => surprise,
  }
}
