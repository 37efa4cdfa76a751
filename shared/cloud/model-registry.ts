import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import type { Blobs } from './port.ts'

/** One line of the history of what serves; the newest holds. Blob `promotions/NNNNNN.json` of bucket `state`. */
export type Promotion = {
  /** 1, 2, 3 …; two promotions at once cannot both create the same one. */
  readonly sequence: number
  readonly modelId: string
  readonly promotedBy: string
  readonly reason: string
  /** Microseconds since 1970 UTC. */
  readonly recordedAtUs: number
}

/** Name of a model's file in bucket `models`. */
export const modelBlobName = (modelId: string, file: 'card.json' | 'model.onnx'): string =>
  `models/${modelId}/${file}`

/** Name of a promotion in bucket `state`. */
export const promotionBlobName = (sequence: number): string =>
  `${promotionFolder}${String(sequence).padStart(6, '0')}.json`

const promotionFolder = 'promotions/'
const modelIdPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/

const modelId = z.string().regex(modelIdPattern, 'must be at most 100 letters, digits and dashes')
const count = z.int().nonnegative()
const share = z.number().min(0).max(1)
const span = z
  .object({ fromUs: count, untilUs: count })
  .refine(({ fromUs, untilUs }) => fromUs <= untilUs, 'ends before it begins')

const promotionSchema: z.ZodType<Promotion> = z.object({
  sequence: z.int().positive(),
  modelId,
  promotedBy: z.string().min(1),
  reason: z.string(),
  recordedAtUs: count,
})

/** Tolerant of fields it does not know, strict on those it does. */
export const modelCardSchema: z.ZodType<ModelCard> = z
  .object({
    schemaVersion: z.literal(1),
    modelId,
    task: z.literal('direction'),
    featureFingerprint: z.string().min(1),
    featureNames: z.array(z.string().min(1)).min(1),
    horizonSeconds: z.number().positive(),
    flatBandBps: z.number().nonnegative(),
    symbols: z.array(z.string().min(1)).min(1),
    trainedAt: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'is not a time'),
    trainedOn: z.enum(['cpu', 'cuda']),
    seed: z.int(),
    data: z.object({
      fingerprint: z.string().min(1),
      isInvented: z.boolean(),
      sources: z.array(z.string()),
      rows: z.object({ train: count, validation: count, test: count }),
      spans: z.object({ train: span, validation: span, test: span }),
    }),
    test: z.object({
      accuracy: share,
      majorityAccuracy: share,
      majorityClass: z.enum(['down', 'flat', 'up']),
      bestConstantAccuracy: share.exactOptional(),
      logLoss: z.number().nonnegative(),
      baselineLogLoss: z.number().nonnegative(),
      accuracyStandardError: z.number().nonnegative(),
      effectiveRows: z.number().nonnegative(),
    }),
    exportErrorMax: z.number().nonnegative(),
    parameters: count,
  })
  .refine(
    ({ featureNames }) => new Set(featureNames).size === featureNames.length,
    'names a feature twice',
  )

/**
 * Every promotion so far, oldest first.
 *
 * @param state - bucket `state`
 * @throws TradingError MODEL_BROKEN when one of them cannot be read
 */
export async function readPromotions(state: Blobs): Promise<readonly Promotion[]> {
  const numbers = await listSequences(state)
  return await Promise.all(numbers.map((sequence) => readPromotionAt(state, sequence)))
}

/**
 * The promotion that holds now.
 *
 * @param state - bucket `state`
 * @returns undefined when no model was ever promoted
 * @throws TradingError MODEL_BROKEN when it cannot be read
 */
export async function readPromotion(state: Blobs): Promise<Promotion | undefined> {
  const newest = (await listSequences(state)).at(-1)
  return newest === undefined ? undefined : await readPromotionAt(state, newest)
}

/**
 * What a model says of itself.
 *
 * @param models - bucket `models`
 * @throws TradingError MODEL_UNKNOWN when there is no such model; MODEL_BROKEN when its card cannot be read
 */
export async function readModelCard(models: Blobs, id: string): Promise<ModelCard> {
  const name = modelBlobName(checkedId(id), 'card.json')
  const card = readJson(await bytesOf(models, name), name, modelCardSchema)
  if (card.modelId !== id)
    throw broken(`${name} is the card of '${card.modelId}', not of '${id}'; upload the model again`)
  return card
}

/**
 * The weights of a model, an ONNX file.
 *
 * @param models - bucket `models`
 * @throws TradingError MODEL_UNKNOWN when there is no such model
 */
export const readModelFile = (models: Blobs, id: string): Promise<Uint8Array> =>
  bytesOf(models, modelBlobName(checkedId(id), 'model.onnx'))

/**
 * A model only scores the features it was trained on.
 *
 * @param featureFingerprint - of the features this program computes
 * @throws TradingError MODEL_MISMATCH
 */
export function checkFingerprint(card: ModelCard, featureFingerprint: string): void {
  if (card.featureFingerprint === featureFingerprint) return
  throw new TradingError(
    'MODEL_MISMATCH',
    `model ${card.modelId} was trained on features ${short(card.featureFingerprint)}, this program computes ${short(featureFingerprint)}; train it anew (npm run featurize, npm run train) or promote another`,
    { model: card.featureFingerprint, program: featureFingerprint },
  )
}

const short = (fingerprint: string): string => fingerprint.slice(0, 12)

/** In order of their numbers, which need not be the order of their names. */
async function listSequences(state: Blobs): Promise<readonly number[]> {
  const names = await state.list(promotionFolder)
  const numbers = names.map((name) => {
    const digits = /^promotions\/(\d{6,9})\.json$/.exec(name)?.[1]
    if (digits === undefined)
      throw broken(`${name} is not a promotion; they are called ${promotionBlobName(1)}`)
    return Number(digits)
  })
  return numbers.sort((a, b) => a - b)
}

async function readPromotionAt(state: Blobs, sequence: number): Promise<Promotion> {
  const name = promotionBlobName(sequence)
  const bytes = await state.get(name)
  if (!bytes) throw broken(`${name} is listed but cannot be read`)
  const promotion = readJson(bytes, name, promotionSchema)
  if (promotion.sequence !== sequence)
    throw broken(`${name} says it is number ${promotion.sequence}; promote again`)
  return promotion
}

/** A name that could leave the folder is no model of ours. */
function checkedId(id: string): string {
  if (modelIdPattern.test(id)) return id
  throw new TradingError(
    'MODEL_UNKNOWN',
    `'${id.slice(0, 100)}' is not the name of a model; they are letters, digits and dashes`,
  )
}

async function bytesOf(models: Blobs, name: string): Promise<Uint8Array> {
  const bytes = await models.get(name)
  if (bytes) return bytes
  throw new TradingError(
    'MODEL_UNKNOWN',
    `there is no ${name} in bucket models; train a model (npm run train) or promote one that exists`,
  )
}

function readJson<T>(bytes: Uint8Array, name: string, schema: z.ZodType<T>): T {
  let raw: unknown
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw broken(`${name} is not JSON`, cause)
  }
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw broken(`${name}: ${path.join('.') || 'the card'} ${message}`)
}

const broken = (message: string, cause?: unknown): TradingError =>
  new TradingError('MODEL_BROKEN', message, {}, cause)
