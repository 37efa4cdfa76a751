import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'

/** Largest difference between PyTorch's probabilities and those of the runtime that serves. */
export const agreementMax = 1e-5

const goldenSchema = z.object({
  features: z.array(z.array(z.number())).min(1),
  probabilities: z.array(z.tuple([z.number(), z.number(), z.number()])).min(1),
})

/** Rows of features with PyTorch's own answers. */
export type Golden = z.infer<typeof goldenSchema>

/** @throws TradingError MODEL_BROKEN when the file is not of that shape */
export function readGolden(path: string): Golden {
  const parsed = goldenSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (parsed.success) return parsed.data
  throw new TradingError(
    'MODEL_BROKEN',
    `${path} holds no rows with answers to compare with; train again`,
  )
}

/**
 * Scores rows with the runtime that serves models.
 *
 * @returns shape [row][down, flat, up]
 */
export async function scoreRows(
  model: Uint8Array,
  rows: readonly (readonly number[])[],
): Promise<readonly (readonly number[])[]> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 })
  try {
    const width = rows[0]?.length ?? 0
    const features = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, width])
    const { probabilities } = await session.run({ features })
    if (!probabilities)
      throw new TradingError('MODEL_BROKEN', 'the model has no output named probabilities')
    const values = probabilities.data as Float32Array
    return rows.map((_, row) => Array.from(values.subarray(3 * row, 3 * row + 3)))
  } finally {
    await session.release()
  }
}

/**
 * Largest difference between what PyTorch said and what the serving runtime says.
 *
 * @throws TradingError MODEL_BROKEN when it is above {@link agreementMax}
 */
export async function checkAgreement(model: Uint8Array, golden: Golden): Promise<number> {
  const served = await scoreRows(model, golden.features)
  let worst = 0
  for (const [row, expected] of golden.probabilities.entries())
    for (const [index, probability] of expected.entries()) {
      const difference = Math.abs(probability - (served[row]?.[index] ?? Number.NaN))
      if (!(difference <= agreementMax))
        throw new TradingError(
          'MODEL_BROKEN',
          `the served model says ${served[row]?.[index]} where PyTorch says ${probability} (row ${row + 1}); allowed is ${agreementMax}`,
        )
      worst = Math.max(worst, difference)
    }
  return worst
}
