import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, numberFrom } from './time.ts'

export type PromotionRow = {
  readonly sequence: number
  readonly modelId: string
  readonly recordedAtUs: Micros
  readonly promotedBy: string
  readonly reason: string
  /** Share of right answers on the test part; undefined when it was not measured. */
  readonly accuracy: number | undefined
  /** The same of always answering the most frequent class. */
  readonly majorityAccuracy: number | undefined
}

/** The last promotions, newest first. */
export function latestPromotionsQuery(rowsMax: number): string {
  if (!Number.isSafeInteger(rowsMax) || rowsMax < 1)
    throw new TradingError('QUERY_INVALID', `${rowsMax} is no count of rows`)
  return `SELECT sequence, model_id, recorded_at, promoted_by, reason, accuracy, majority_accuracy
FROM promotions
ORDER BY sequence DESC
LIMIT ${rowsMax}`
}

/** Rows of {@link latestPromotionsQuery}; accuracies from 0 to 1. */
export const readPromotions = ({ rows }: QueryResult): readonly PromotionRow[] =>
  rows.map(([sequence, modelId, recordedAt, promotedBy, reason, accuracy, majority]) => ({
    sequence: numberFrom(sequence),
    modelId: String(modelId),
    recordedAtUs: microsFrom(recordedAt),
    promotedBy: String(promotedBy),
    reason: String(reason),
    accuracy: accuracy === null ? undefined : numberFrom(accuracy),
    majorityAccuracy: majority === null ? undefined : numberFrom(majority),
  }))
