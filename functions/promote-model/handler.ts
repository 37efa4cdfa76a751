import { z } from 'zod'
import {
  modelBlobName,
  type Promotion,
  promotionBlobName,
  readModelCard,
  readPromotions,
} from '#shared/cloud/model-registry.ts'
import type { Blobs } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { featureFingerprint } from '#shared/signal/feature/vector-list.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import { type FunctionPorts, type FunctionReport, readInput } from '../function-call.ts'
import { checkPromotable } from './promotable.ts'

const line = z.string().min(1).max(300)

const inputSchema = z.union([
  z.strictObject({
    modelId: z.string().min(1).max(100),
    reason: line,
    by: line,
    /** Why it is promoted although it does not beat the baseline. */
    despite: line.optional(),
  }),
  z.strictObject({ rollback: z.literal(true), reason: line, by: line }),
])

type Ports = Pick<FunctionPorts, 'warehouse' | 'blobs' | 'catalog'>

/**
 * Makes a model the one that serves, or goes back to the one that served before.
 *
 * A promotion is a numbered blob that is created once: two at the same time cannot both hold. The model server takes
 * the highest number. A rollback is a new number with the model that last served other than the present one.
 *
 * A call repeated with the same scheduled time, person and reason changes nothing further.
 *
 * @throws TradingError OPTION_INVALID, MODEL_UNKNOWN, MODEL_MISMATCH when that model may not be promoted
 * @throws TradingError PROMOTION_CONTENDED when somebody promoted at the same time: look, then ask again
 */
export async function promoteModel(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> {
  const asked = readInput(inputSchema, input)
  const state = ports.blobs('state')
  const models = ports.blobs('models')
  const promotions = await readPromotions(state)
  const newest = promotions.at(-1)
  // Not the newest alone: a call may come again after somebody else promoted.
  const repeated = promotions.findLast((made) => isOf(made, asked, scheduledAtUs))
  const modelId =
    repeated?.modelId ?? ('rollback' in asked ? modelBefore(promotions) : asked.modelId)

  const card = await readModelCard(models, modelId)
  const weights = modelBlobName(modelId, 'model.onnx')
  if (!(await models.list(weights)).includes(weights))
    throw new TradingError('MODEL_UNKNOWN', `model ${modelId} has a card but no model.onnx`)
  const notes = checkPromotable(card, {
    programFingerprint: featureFingerprint,
    // What served before was let through then; going back must not be held up.
    despite: 'rollback' in asked ? 'rollback' : asked.despite,
  })
  const promotion =
    repeated ??
    (newest?.modelId === modelId
      ? newest
      : {
          sequence: (newest?.sequence ?? 0) + 1,
          modelId,
          promotedBy: asked.by,
          reason: [reasonOf(asked), ...notes].join('; '),
          recordedAtUs: scheduledAtUs,
        })
  const isChanged = promotion !== repeated && promotion !== newest
  if (isChanged && !(await createPromotion(promotion, state)))
    throw new TradingError(
      'PROMOTION_CONTENDED',
      `promotion ${promotion.sequence} was made by somebody else at this moment; look at it, then ask again`,
    )
  await ports.warehouse.insert('promotions', [promotionRow(promotion, card)])
  // What was promoted since must stay the one the catalog names.
  const isNewest = promotion.sequence >= (newest?.sequence ?? 0)
  const version = isNewest ? await tellCatalog(card, ports) : undefined
  return {
    function: 'promote-model',
    isChanged,
    sequence: promotion.sequence,
    modelId,
    previousModelId: promotions.at(-1)?.modelId ?? null,
    accuracy: card.test.accuracy,
    majorityAccuracy: card.test.majorityAccuracy,
    notes,
    ...(version === undefined ? {} : { version }),
  }
}

/**
 * @returns false when the number is taken by another promotion
 * @throws TradingError PLATFORM_REFUSED when it is not taken and the platform still says no
 */
async function createPromotion(promotion: Promotion, state: Blobs): Promise<boolean> {
  const name = promotionBlobName(promotion.sequence)
  const bytes = new TextEncoder().encode(`${JSON.stringify(promotion)}\n`)
  try {
    return await state.create(name, bytes)
  } catch (error) {
    if (!(error instanceof TradingError) || error.code !== 'PLATFORM_REFUSED') throw error
    // Who may create and not replace is refused the right before the number is looked at: see who took it.
    const taken = await state.get(name)
    if (!taken) throw error
    return Buffer.from(bytes).equals(taken)
  }
}

const reasonOf = (asked: z.infer<typeof inputSchema>): string =>
  'rollback' in asked ? `rollback: ${asked.reason}` : asked.reason

/** Whether a promotion was made by this very call, delivered before. */
const isOf = (
  made: Promotion,
  asked: z.infer<typeof inputSchema>,
  scheduledAtUs: Micros,
): boolean =>
  made.recordedAtUs === scheduledAtUs &&
  made.promotedBy === asked.by &&
  `${made.reason}; `.startsWith(`${reasonOf(asked)}; `) &&
  ('rollback' in asked || made.modelId === asked.modelId)

function modelBefore(promotions: readonly Promotion[]): string {
  const present = promotions.at(-1)
  const before = promotions.findLast(({ modelId }) => modelId !== present?.modelId)
  if (before) return before.modelId
  throw new TradingError('OPTION_INVALID', 'rollback: no other model has served before this one')
}

const promotionRow = (promotion: Promotion, card: ModelCard) => ({
  sequence: promotion.sequence,
  model_id: promotion.modelId,
  recorded_at: promotion.recordedAtUs,
  promoted_by: promotion.promotedBy,
  reason: promotion.reason,
  accuracy: card.test.accuracy,
  majority_accuracy: card.test.majorityAccuracy,
})

async function tellCatalog(card: ModelCard, { catalog }: Ports): Promise<string | undefined> {
  if (!catalog) return undefined
  const version = await catalog.register({
    modelId: card.modelId,
    blobUri: `models/${card.modelId}`,
    labels: { task: card.task, invented: card.data.isInvented ? 'yes' : 'no' },
  })
  await catalog.promote(version)
  return version
}
