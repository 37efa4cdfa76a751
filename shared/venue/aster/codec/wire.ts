import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'

/** Prices, sizes and money travel as text. */
export const decimalText = z.string().regex(/^-?\d+(\.\d+)?$/)

/** An id that may be too long for a double; kept as text. */
export const idText = z.union([z.int(), z.string().regex(/^\d+$/)]).transform(String)

/** An id that has to fit a double exactly. */
export const idNumber = z
  .union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
  .refine(Number.isSafeInteger, 'id is too large to be kept exactly')

export const timeMs = z.int().nonnegative()

export const microsFromMs = (ms: number): Micros => (ms * microsPerMilli) as Micros

/**
 * Reads venue JSON; bare integers of 16 digits and more become text, so long order ids keep every digit.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN when it is not JSON
 */
export function parseWire(text: string): unknown {
  const exact = /\d{16}/.test(text)
    ? text.replace(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"')
    : text
  try {
    return JSON.parse(exact)
  } catch (cause) {
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `venue sent '${text.slice(0, 60)}' where JSON was expected`,
      {},
      cause,
    )
  }
}

/**
 * Checks one venue message against the shape we know.
 *
 * @param what - what is read, for the error: `order reply`
 * @throws TradingError WIRE_SHAPE_UNKNOWN naming the field
 */
export function readShape<T>(schema: z.ZodType<T>, raw: unknown, what: string): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') || 'the whole'
  throw new TradingError(
    'WIRE_SHAPE_UNKNOWN',
    `${what}: field '${field}' is not as documented (${issue?.message}); the venue changed its format`,
  )
}
