import { readModelCard, readPromotion } from '#shared/cloud/model-registry.ts'
import type { Blobs } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { ModelState } from './state.ts'

const firstLookUs = microsPerSecond / 2
const lookEveryUs = 15 * microsPerSecond

/**
 * What is promoted now.
 *
 * @param state - bucket `state`
 * @param models - bucket `models`
 * @throws TradingError PLATFORM_UNREACHABLE when a bucket gives no answer; a card that is no use is an answer
 */
export async function readModelState(state: Blobs, models: Blobs): Promise<ModelState> {
  try {
    const promotion = await readPromotion(state)
    if (!promotion) return { kind: 'none' }
    const card = await readModelCard(models, promotion.modelId)
    return {
      kind: 'promoted',
      modelId: card.modelId,
      promotedBy: promotion.promotedBy,
      promotedAtUs: promotion.recordedAtUs,
      trainedAtUs: Date.parse(card.trainedAt) * 1_000,
      horizonSeconds: card.horizonSeconds,
      flatBandBps: card.flatBandBps,
      isInvented: card.data.isInvented,
      accuracy: card.test.accuracy,
      majorityAccuracy: card.test.majorityAccuracy,
      ...(card.test.bestConstantAccuracy !== undefined && {
        bestConstantAccuracy: card.test.bestConstantAccuracy,
      }),
      accuracyStandardError: card.test.accuracyStandardError,
      testRows: card.data.rows.test,
    }
  } catch (error) {
    if (error instanceof TradingError && error.remedy === 'reject-input')
      return { kind: 'broken', problem: error.message }
    throw error
  }
}

export type ModelFeedPorts = {
  readonly timers: Timers
  readonly readModel: () => Promise<ModelState>
  readonly report: (fault: unknown) => void
}

/**
 * Looks at the registry from time to time and tells of changes.
 *
 * @returns a function that ends it
 */
export function followModel(
  { timers, readModel, report }: ModelFeedPorts,
  tell: (model: ModelState) => void,
): () => void {
  let told = ''
  let isStopped = false
  const look = async () => {
    try {
      const model = await readModel()
      const text = JSON.stringify(model)
      if (!isStopped && text !== told) tell(model)
      told = text
    } catch (fault) {
      report(fault)
    }
  }
  const run = () => {
    cancel = timers.after(lookEveryUs, run)
    void look()
  }
  let cancel = timers.after(firstLookUs, run)
  return () => {
    isStopped = true
    cancel()
  }
}
