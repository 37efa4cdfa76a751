import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import type { Probabilities } from '#shared/signal/model/card.ts'

export type Predictions = {
  readonly modelId: string
  readonly horizonSeconds: number
  /** One for each row that was asked, in order. */
  readonly rows: readonly Probabilities[]
}

const sumErrorMax = 1e-3
const share = z
  .number()
  .min(0)
  .max(1 + sumErrorMax)
const probabilities = z
  .object({ down: share, flat: share, up: share })
  .refine(
    ({ down, flat, up }) => Math.abs(down + flat + up - 1) <= sumErrorMax,
    'are no probabilities: they do not add up to 1',
  )
const schema = z.object({
  modelId: z.string().min(1).max(200),
  horizonSeconds: z.number().positive(),
  rows: z.array(probabilities),
})

/**
 * Reads the answer of a model server. Nothing it says is believed before it was checked.
 *
 * @throws TradingError MODEL_BROKEN when it is not an answer to that many rows
 */
export function readPredictions(body: string, rowCount: number): Predictions {
  let raw: unknown
  try {
    raw = JSON.parse(body)
  } catch (cause) {
    throw broken('is not JSON', cause)
  }
  const parsed = schema.safeParse(raw)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw broken(`has no meaning: ${path.join('.') || 'the body'} ${message}`)
  }
  if (parsed.data.rows.length !== rowCount)
    throw broken(`has ${parsed.data.rows.length} rows, ${rowCount} were asked`)
  return parsed.data
}

const broken = (what: string, cause?: unknown): TradingError =>
  new TradingError('MODEL_BROKEN', `the answer of the model server ${what}`, {}, cause)
