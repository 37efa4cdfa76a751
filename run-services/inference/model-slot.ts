import {
  checkFingerprint,
  readModelCard,
  readModelFile,
  readPromotion,
} from '#shared/cloud/model-registry.ts'
import type { Blobs } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { ModelCard, Probabilities } from '#shared/signal/model/card.ts'
import type { Scorer } from './scorer.ts'

/** A model that serves. */
export type LoadedModel = {
  readonly card: ModelCard
  /** Number of the promotion that asked for it. */
  readonly sequence: number
  readonly loadedAtUs: number
}

export type SlotPorts = {
  /** Bucket `state`. */
  readonly state: Blobs
  /** Bucket `models`. */
  readonly models: Blobs
  readonly open: (file: Uint8Array) => Promise<Scorer>
  readonly clock: Clock
  /** Of the features this program computes; a model of others is refused. Absent: any model is taken. */
  readonly featureFingerprint?: string
  /** One line for people, once per change. */
  readonly report: (line: string) => void
}

export type ModelSlot = {
  /**
   * Looks at the newest promotion and loads its model when it is another one. The old model serves meanwhile, and goes
   * on serving when the new one is refused. Faults are kept as `problem` and reported once, never thrown.
   */
  refresh(): Promise<void>
  readonly model: LoadedModel | undefined
  /** Why the promoted model does not serve; undefined when it does or when nothing is promoted. */
  readonly problem: TradingError | undefined
  /** True once the registry has answered, also when it holds no promotion. */
  readonly hasLooked: boolean
  /** @throws TradingError MODEL_UNKNOWN when none is promoted; MODEL_UNREACHABLE when it was refused; MODEL_BROKEN */
  score(rows: readonly (readonly number[])[]): Promise<Scored>
  close(): Promise<void>
}

/** Answers with the model that gave them: a promotion in between cannot mix them up. */
export type Scored = {
  readonly card: ModelCard
  readonly answers: readonly Probabilities[]
}

type Seat = { readonly model: LoadedModel; readonly scorer: Scorer; readers: number }

/** Holds the one model that serves and replaces it while it does. */
export function createModelSlot(ports: SlotPorts): ModelSlot {
  let seat: Seat | undefined
  let problem: TradingError | undefined
  let hasLooked = false
  let isClosed = false
  let looking: Promise<void> | undefined
  let told = ''

  const tell = (line: string) => {
    if (line !== told) ports.report(line)
    told = line
  }

  const look = async () => {
    try {
      const promotion = await readPromotion(ports.state)
      if (promotion && promotion.sequence !== seat?.model.sequence) {
        const next = await load(ports, promotion.modelId, promotion.sequence)
        if (isClosed) return await next.scorer.close()
        const before = seat
        seat = next
        tell(`model ${promotion.modelId} serves (promotion ${promotion.sequence})`)
        if (before) await retire(before)
      }
      problem = undefined
      hasLooked = true
    } catch (error) {
      problem =
        error instanceof TradingError
          ? error
          : new TradingError('MODEL_UNREACHABLE', `the models cannot be read: ${String(error)}`)
      // A bucket that does not answer says nothing about what is promoted.
      if (problem.remedy !== 'retry-later') hasLooked = true
      const goesOn = seat ? `; ${seat.model.card.modelId} goes on serving` : ''
      tell(`${problem.message}${goesOn}`)
    }
  }

  return {
    refresh() {
      looking ??= look().finally(() => {
        looking = undefined
      })
      return looking
    },
    get model() {
      return seat?.model
    },
    get problem() {
      return problem
    },
    get hasLooked() {
      return hasLooked
    },
    async score(rows) {
      const own = seat
      if (!own)
        throw problem
          ? new TradingError('MODEL_UNREACHABLE', problem.message, {}, problem)
          : new TradingError('MODEL_UNKNOWN', nothingPromoted)
      own.readers++
      try {
        return { card: own.model.card, answers: await own.scorer.score(rows) }
      } finally {
        own.readers--
        if (own !== seat && own.readers === 0) await own.scorer.close()
      }
    },
    async close() {
      // A look that is under way sees this and keeps nothing; a bucket that hangs must not hold the end up.
      isClosed = true
      const last = seat
      seat = undefined
      if (last) await retire(last)
    },
  }
}

const nothingPromoted = 'no model is promoted; npm run featurize, then npm run train makes one'

/** Calls that still run keep their model; the last of them closes it. */
async function retire({ scorer, readers }: Seat): Promise<void> {
  if (readers === 0) await scorer.close()
}

async function load(ports: SlotPorts, modelId: string, sequence: number): Promise<Seat> {
  const card = await readModelCard(ports.models, modelId)
  if (ports.featureFingerprint !== undefined) checkFingerprint(card, ports.featureFingerprint)
  const scorer = await ports.open(await readModelFile(ports.models, modelId))
  if (scorer.featureCount !== card.featureNames.length) {
    await scorer.close()
    throw new TradingError(
      'MODEL_BROKEN',
      `model ${modelId} takes ${scorer.featureCount} features, its card names ${card.featureNames.length}; upload it again`,
    )
  }
  const model = { card, sequence, loadedAtUs: ports.clock.nowUs() }
  return { model, scorer, readers: 0 }
}
