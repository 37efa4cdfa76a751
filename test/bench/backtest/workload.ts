import type { GlftVariant } from '#shared/simulation/replay/glft-variants.ts'
import type { ReplayConfig } from '#shared/simulation/replay/replay.ts'

/** The variant that all contenders run alone. */
export const singleVariant: GlftVariant = {
  gammaPerTick: 0.05,
  halfSpreadFactor: 1,
  skewFactor: 0.1,
  orderLots: 10,
  inventoryLotsMax: 200,
  gridHalfSpreads: 1,
}

/** A grid of 64 variants around it; the first is the single one. */
export const sweepVariants: readonly GlftVariant[] = [0.05, 0.02, 0.1, 0.2].flatMap(
  (gammaPerTick) =>
    [1, 0.5, 1.5, 2].flatMap((halfSpreadFactor) =>
      [0.1, 0.05, 0.2, 0.5].map((skewFactor) => ({
        ...singleVariant,
        ...{ gammaPerTick, halfSpreadFactor, skewFactor },
      })),
    ),
)

export const terms = {
  latency: { entryUs: 3_000, responseUs: 2_000 },
  queue: { kind: 'power-prob', exponent: 3 },
  fees: { makerFeePpm: 20 },
  stepUs: 100_000,
} as const satisfies Omit<ReplayConfig, 'variants' | 'market'>
