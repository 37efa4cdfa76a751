import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'

export type InferenceConfig = {
  readonly port: number
  /** `cuda` needs a GPU and never falls back to the CPU. */
  readonly provider: 'cpu' | 'cuda'
  /** Threads of one call on the CPU. */
  readonly threads: number
  /** How often the newest promotion is looked up. */
  readonly pollSeconds: number
  /** Where measurements are sent; absent: nowhere. */
  readonly otlpUrl?: string
}

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`)

const environmentSchema = z.object({
  PORT: wholeNumber(0, 65_535).default(8_080),
  INFERENCE_PROVIDER: z.enum(['cpu', 'cuda'], 'must be cpu or cuda').default('cpu'),
  INFERENCE_THREADS: wholeNumber(1, 64).default(1),
  PROMOTION_POLL_SECONDS: wholeNumber(1, 3_600).default(30),
  OTLP_URL: z.url('must be an address such as http://localhost:4318').optional(),
})

/**
 * Reads the settings of the model server.
 *
 * @throws TradingError CONFIG_INVALID naming the variable
 */
export function readInferenceConfig(
  environment: Readonly<Record<string, string | undefined>>,
): InferenceConfig {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw new TradingError('CONFIG_INVALID', `environment variable ${path.join('.')} ${message}`)
  }
  const { PORT, INFERENCE_PROVIDER, INFERENCE_THREADS, PROMOTION_POLL_SECONDS, OTLP_URL } =
    parsed.data
  return Object.freeze({
    port: PORT,
    provider: INFERENCE_PROVIDER,
    threads: INFERENCE_THREADS,
    pollSeconds: PROMOTION_POLL_SECONDS,
    ...(OTLP_URL === undefined ? {} : { otlpUrl: OTLP_URL }),
  })
}
