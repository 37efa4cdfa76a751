import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  modelBlobName,
  type Promotion,
  promotionBlobName,
  readModelCard,
  readPromotions,
} from '#shared/cloud/model-registry.ts'
import type { Blobs } from '#shared/cloud/port.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'

/**
 * Puts a trained model into bucket `models`. The card goes last: a model with a card is whole.
 *
 * @param folder - where the trainer wrote it
 * @returns its card, as whoever serves it will read it
 * @throws TradingError MODEL_BROKEN when the card is not one
 */
export async function storeModel(
  models: Blobs,
  folder: string,
  modelId: string,
): Promise<ModelCard> {
  for (const file of ['golden.json', 'report.html'] as const)
    await models.put(`models/${modelId}/${file}`, readFileSync(join(folder, file)))
  for (const file of ['model.onnx', 'card.json'] as const)
    await models.put(modelBlobName(modelId, file), readFileSync(join(folder, file)))
  return await readModelCard(models, modelId)
}

/**
 * Makes a model the one that serves, under the next free number.
 *
 * @throws TradingError MODEL_BROKEN when an earlier promotion cannot be read
 */
export async function promoteModel(
  state: Blobs,
  promotion: Omit<Promotion, 'sequence'>,
): Promise<Promotion> {
  for (;;) {
    const newest = (await readPromotions(state)).at(-1)
    const next: Promotion = { sequence: (newest?.sequence ?? 0) + 1, ...promotion }
    const bytes = new TextEncoder().encode(JSON.stringify(next))
    // Somebody else may have taken the number meanwhile; each number is taken once.
    if (await state.create(promotionBlobName(next.sequence), bytes)) return next
  }
}
