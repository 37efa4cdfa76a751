import { z } from 'zod'
import {
  gpuHoursPerDay,
  gpuHoursPerMonth,
  gpuWindowUtc,
  type UtcWindow,
  windowFromText,
} from '#shared/cloud/gpu-limit.ts'
import { TradingError } from '#shared/kernel/error.ts'

const symbolList = z
  .string()
  .transform((text) => text.split(',').map((symbol) => symbol.trim()))
  .pipe(
    z
      .array(z.string().regex(/^[A-Z0-9]{2,30}$/, 'wants symbols like BTCUSDT,ETHUSDT'))
      .min(1)
      .max(50),
  )

const positive = z.coerce.number().positive()

const schema = z.object({
  /** What market data and checks are about. */
  ASTERAI_SYMBOLS: symbolList.default(['BTCUSDT', 'ETHUSDT', 'SOLUSDT']),
  /** Marks of two sources may differ by this much. */
  MARK_DISAGREEMENT_BPS_MAX: positive.default(50),
  GPU_HOURS_PER_DAY_MAX: gpuHoursPerDay.default(8),
  GPU_HOURS_PER_MONTH_MAX: gpuHoursPerMonth.default(176),
  /** The GPU may run from … until …, UTC; a window may pass midnight. */
  GPU_WINDOW_UTC: gpuWindowUtc.default('00:00-24:00'),
  /** The GPU goes to zero when this share of the budget is spent. */
  BUDGET_ACTION_SHARE: positive.max(1).default(1),
  TRAINING_IMAGE: z.string().min(1).optional(),
  TRAINING_MACHINE: z.string().min(1).default('g2-standard-8'),
  TRAINING_ACCELERATOR: z.string().min(1).default('NVIDIA_L4'),
  TRAINING_RUNS_PER_WEEK_MAX: z.coerce.number().int().positive().max(50).default(3),
  /** Where the trainer finds the bucket `models` as a folder. */
  TRAINING_MODELS_PATH: z.string().startsWith('/').optional(),
})

export type FunctionSettings = {
  readonly symbols: readonly string[]
  readonly markDisagreementBpsMax: number
  /** 0 is none. */
  readonly gpuHoursPerDayMax: number
  readonly gpuHoursPerMonthMax: number
  readonly gpuWindow: UtcWindow
  /** 0 to 1. */
  readonly budgetActionShare: number
  readonly trainingImage: string | undefined
  readonly trainingMachine: string
  readonly trainingAccelerator: string
  readonly trainingRunsPerWeekMax: number
  readonly trainingModelsPath: string | undefined
}

/**
 * Settings of the functions from environment variables; absent ones have defaults that spend little.
 *
 * @throws TradingError CONFIG_INVALID naming the variable
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): FunctionSettings {
  const parsed = schema.safeParse(environment)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new TradingError('CONFIG_INVALID', `${String(issue?.path[0])}: ${issue?.message}`)
  }
  const read = parsed.data
  return {
    symbols: read.ASTERAI_SYMBOLS,
    markDisagreementBpsMax: read.MARK_DISAGREEMENT_BPS_MAX,
    gpuHoursPerDayMax: read.GPU_HOURS_PER_DAY_MAX,
    gpuHoursPerMonthMax: read.GPU_HOURS_PER_MONTH_MAX,
    gpuWindow: windowFromText(read.GPU_WINDOW_UTC),
    budgetActionShare: read.BUDGET_ACTION_SHARE,
    trainingImage: read.TRAINING_IMAGE,
    trainingMachine: read.TRAINING_MACHINE,
    trainingAccelerator: read.TRAINING_ACCELERATOR,
    trainingRunsPerWeekMax: read.TRAINING_RUNS_PER_WEEK_MAX,
    trainingModelsPath: read.TRAINING_MODELS_PATH,
  }
}
