import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { silentTracer, type Tracer, traceRequest } from '#shared/cloud/telemetry/tracer.ts'
import { type ErrorCode, TradingError } from '#shared/kernel/error.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import type { ModelSlot } from './model-slot.ts'

export type InferencePorts = {
  readonly slot: ModelSlot
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number
  /** Hears of every answered call. */
  readonly onScored?: (call: ScoredCall) => void
  /** Left out, nobody hears of single calls. */
  readonly tracer?: Tracer
  /** Called once for every fault that is not the caller's. */
  readonly report: (fault: unknown) => void
}

export type ScoredCall = {
  readonly rows: number
  /** Time in the model. */
  readonly ms: number
  readonly card: ModelCard
}

/** What one call may ask at most. */
export const inferenceLimits = {
  rowsMax: 1_024,
  bodyBytesMax: 4 * 1024 * 1024,
  /** Calls that may wait for the model; more are told to come again. */
  callsMax: 64,
} as const

/** Remedies are for the caller; these are what it sees of them. */
const statusByCode: Partial<Record<ErrorCode, 400 | 409 | 413 | 503>> = {
  OPTION_INVALID: 400,
  MODEL_MISMATCH: 409,
  MODEL_UNKNOWN: 503,
  MODEL_UNREACHABLE: 503,
}

const largestFloat32 = 3.4028234663852886e38
const feature = z.number().min(-largestFloat32).max(largestFloat32)
const question = z.union([
  z.strictObject({ featureFingerprint: z.string().min(1), features: z.array(feature) }),
  z.strictObject({
    featureFingerprint: z.string().min(1),
    rows: z.array(z.array(feature)).min(1).max(inferenceLimits.rowsMax),
  }),
])
type Question = z.infer<typeof question>

/** HTTP in front of the model slot: parse, score, answer. */
export function createInferenceApp(ports: InferencePorts): Hono {
  const { slot, tracer = silentTracer } = ports
  const app = new Hono()
  let calls = 0

  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', (c) => {
    const { isReady, why } = readinessOf(slot)
    return c.text(why, isReady ? 200 : 503)
  })
  app.get('/v1/model', (c) => {
    const { model, problem } = slot
    if (!model)
      throw problem ?? new TradingError('MODEL_UNKNOWN', 'no model is promoted; train one first')
    return c.json({ ...model, problem: problem?.message ?? null })
  })

  const limit = bodyLimit({
    maxSize: inferenceLimits.bodyBytesMax,
    onError: (c) =>
      c.json(
        { error: 'OPTION_INVALID', message: 'the body is larger than 4 MB; send fewer rows' },
        413,
      ),
  })
  app.use('/v1/predict', async (c, next) => {
    await traceRequest(tracer, 'predict', c.req.raw.headers, async () => {
      await next()
      return c.res
    })
  })
  app.post('/v1/predict', limit, async (c) => {
    if (calls >= inferenceLimits.callsMax) {
      c.header('Retry-After', '1')
      throw new TradingError(
        'MODEL_UNREACHABLE',
        `${inferenceLimits.callsMax} calls wait for the model; ask again later`,
      )
    }
    calls++
    try {
      return c.json(await answer(await readQuestion(c), ports))
    } finally {
      calls--
    }
  })
  app.notFound((c) =>
    c.json(
      { error: 'OPTION_INVALID', message: `nothing is at ${c.req.path}; POST /v1/predict` },
      404,
    ),
  )
  app.onError((fault, c) => {
    const known = fault instanceof TradingError ? fault : undefined
    const status = (known && statusByCode[known.code]) ?? 500
    if (status === 500) ports.report(fault)
    return c.json(
      {
        error: known?.code ?? 'STATE_CORRUPT',
        message: known?.message ?? 'the model server failed; its log says why',
      },
      status,
    )
  })
  return app
}

/** A new instance takes calls once its model serves; before the first promotion there is nothing to wait for. */
function readinessOf(slot: ModelSlot): { readonly isReady: boolean; readonly why: string } {
  if (slot.model) return { isReady: true, why: `model ${slot.model.card.modelId} serves` }
  if (slot.problem) return { isReady: false, why: slot.problem.message }
  return slot.hasLooked
    ? { isReady: true, why: 'no model is promoted yet' }
    : { isReady: false, why: 'the models were not read yet' }
}

async function answer(asked: Question, { slot, monotonicMs, onScored }: InferencePorts) {
  const rows = 'rows' in asked ? asked.rows : [asked.features]
  if (slot.model) checkRows(rows, asked.featureFingerprint, slot.model.card)
  const beganMs = monotonicMs()
  const { card, answers } = await slot.score(rows)
  onScored?.({ rows: rows.length, ms: monotonicMs() - beganMs, card })
  // The model may have changed since the question was checked; its answer would mean something else.
  if (card.featureFingerprint !== asked.featureFingerprint) throw mismatch(asked, card)
  const { modelId, horizonSeconds } = card
  return 'rows' in asked
    ? { modelId, horizonSeconds, rows: answers }
    : { modelId, horizonSeconds, probabilities: answers[0]! }
}

function checkRows(
  rows: readonly (readonly number[])[],
  featureFingerprint: string,
  card: {
    readonly modelId: string
    readonly featureFingerprint: string
    readonly featureNames: readonly string[]
  },
): void {
  if (featureFingerprint !== card.featureFingerprint) throw mismatch({ featureFingerprint }, card)
  const width = card.featureNames.length
  const wrong = rows.findIndex((row) => row.length !== width)
  if (wrong >= 0)
    throw new TradingError(
      'OPTION_INVALID',
      `row ${wrong} has ${rows[wrong]!.length} features, model ${card.modelId} takes ${width}`,
    )
}

const mismatch = (
  asked: { readonly featureFingerprint: string },
  card: { readonly modelId: string; readonly featureFingerprint: string },
): TradingError =>
  new TradingError(
    'MODEL_MISMATCH',
    `model ${card.modelId} scores features ${card.featureFingerprint.slice(0, 12)}, the question has ${asked.featureFingerprint.slice(0, 12)}`,
  )

async function readQuestion(c: Context): Promise<Question> {
  let raw: unknown
  try {
    raw = JSON.parse(await c.req.text())
  } catch (cause) {
    throw new TradingError('OPTION_INVALID', 'the body is not JSON', {}, cause)
  }
  const parsed = question.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new TradingError('OPTION_INVALID', firstProblem(raw, parsed.error))
}

/** A union says only that nothing fits; the form that was meant says what is wrong with it. */
function firstProblem(raw: unknown, error: z.ZodError): string {
  const hasRows = raw !== null && typeof raw === 'object' && 'rows' in raw
  const issues = question.options[hasRows ? 1 : 0].safeParse(raw).error?.issues ?? error.issues
  const { path, message } = issues[0]!
  return `${path.join('.') || 'the body'}: ${message}`
}
