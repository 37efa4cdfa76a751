import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import type { Guard } from '#shared/trading/engine/trader.ts'

/** Of the stops by loss: 1e-8 quote. */
const markSchema = z
  .string()
  .regex(/^-?\d+$/)
  .nullable()

const guardSchema = z.object({
  killedBecause: z.string().nullable(),
  dayStartUs: z.number(),
  dayStartEquityE8: markSchema,
  peakEquityE8: markSchema,
  limits: z
    .object({
      positionRatioMax: z.number().positive(),
      concentrationRatioMax: z.number().positive(),
      leverageMax: z.number().positive(),
      dailyLossRatioMax: z.number().positive(),
      drawdownRatioMax: z.number().positive(),
    })
    .optional(),
})

/**
 * Reads what a session left for the next one.
 *
 * @param where - for people: the file or blob the text is from
 * @throws TradingError STATE_CORRUPT: an unreadable guard may hide a kill, so nothing trades on it
 */
export function guardFromText(text: string, where: string): Guard {
  const read = guardSchema.safeParse(parsed(text))
  if (read.success) {
    const { limits, ...marks } = read.data
    return { ...marks, ...(limits ? { limits } : {}) }
  }
  throw new TradingError(
    'STATE_CORRUPT',
    `${where} cannot be read, so it is unknown whether trading was killed; look at it, then delete it`,
  )
}

/** A reason may be what a venue or a person said, at any length. */
export const shortened = (reason: string): string => reason.slice(0, 500).toWellFormed()

/** A kill where nothing else is known. */
export const bareKill = (reason: string): Guard => ({
  killedBecause: reason,
  dayStartUs: 0,
  dayStartEquityE8: null,
  peakEquityE8: null,
})

export const textFromGuard = (guard: Guard): string =>
  JSON.stringify({
    ...guard,
    killedBecause: guard.killedBecause === null ? null : shortened(guard.killedBecause),
  })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
