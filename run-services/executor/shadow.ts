import { z } from 'zod'
import {
  type PredictionMessage,
  predictionAgeUsMax,
  type StatusMessage,
} from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import { traceHeaders } from '#shared/cloud/telemetry/trace-scope.ts'
import { silentTracer, type Tracer } from '#shared/cloud/telemetry/tracer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { HttpReply, Runtime } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { Probabilities } from '#shared/signal/model/card.ts'
import { readPredictions } from './prediction-wire.ts'

/** Where the model server is, and who hears how fast it was. */
export type InferenceAccess = {
  /** Without a slash at its end. */
  readonly url: string
  /** Asked before every question, e.g. for the bearer of a private service. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>
  /** Left out, nobody hears of single questions. */
  readonly tracer?: Tracer
  readonly onAnswered?: (answered: { readonly rows: number; readonly latencyMs: number }) => void
}

export type ShadowPorts = {
  readonly runtime: Runtime
  readonly bus: Bus
  readonly inference: InferenceAccess
}

export type ShadowSubject = {
  readonly runId: string
  readonly symbols: readonly string[]
  readonly featureFingerprint: string
  /** Features of a symbol as of now, in order; undefined while they are not known. */
  readonly vectorOf: (symbolIndex: number, nowUs: Micros) => readonly number[] | undefined
}

export type Prediction = {
  readonly modelId: string
  readonly horizonSeconds: number
  readonly probabilities: Probabilities
  /** Since its features were taken. */
  readonly ageUs: number
}

export type Shadow = {
  /** The newest answer for a symbol; undefined when there is none that is young enough. */
  latest(symbol: string): Prediction | undefined
  stop(): void
}

const askEveryUs = microsPerSecond
const answerTimeoutUs = microsPerSecond
/** Reading a longer one would take the time of the trading beside it. */
const answerBytesMax = 4_096
const answerBytesPerRowMax = 256
/** A question that neither comes back nor fails is given up after this long. */
const questionLifeUs = 3 * microsPerSecond

type Kept = Omit<Prediction, 'ageUs'> & { readonly predictedUs: number }

/**
 * Asks a model beside the trading, every second, one question at a time, and publishes what it says. Nothing here
 * touches an order: the trader's step takes no answer, waits for none, and never learns that anybody asked.
 */
export function startShadow(ports: ShadowPorts, subject: ShadowSubject): Shadow {
  const { runtime, bus, inference } = ports
  const { clock, timers } = runtime
  const { tracer = silentTracer } = inference
  const latest = new Map<string, Kept>()
  let question = 0
  let askedUs: number | undefined
  let told = ''
  let isStopped = false
  let cancel = () => {}

  /** Once per change: the same trouble every second is one line. */
  const tellStatus = (state: StatusMessage['state'], detail: string) => {
    if (`${state} ${detail}` === told) return
    told = `${state} ${detail}`
    const message: StatusMessage = { service: 'predictions', state, detail, at: clock.nowUs() }
    bus.publish('status', message)
  }

  const take = (predictedUs: Micros, symbols: readonly string[], body: string) => {
    const receivedUs = clock.nowUs()
    const { modelId, horizonSeconds, rows } = readPredictions(body, symbols.length)
    const latencyMs = (receivedUs - predictedUs) / microsPerMilli
    inference.onAnswered?.({ rows: symbols.length, latencyMs })
    tellStatus('running', `model ${modelId} answers`)
    symbols.forEach((symbol, index) => {
      const probabilities = rows[index]!
      latest.set(symbol, { modelId, horizonSeconds, probabilities, predictedUs })
      const message: PredictionMessage = {
        run_id: subject.runId,
        model_id: modelId,
        symbol,
        predicted_at: predictedUs,
        received_at: receivedUs,
        horizon_seconds: horizonSeconds,
        probability_down: probabilities.down,
        probability_flat: probabilities.flat,
        probability_up: probabilities.up,
        latency_ms: latencyMs,
      }
      bus.publish('predictions', message as unknown as Message)
    })
  }

  const ask = async (
    predictedUs: Micros,
    symbols: readonly string[],
    rows: readonly (readonly number[])[],
  ) => {
    const own = ++question
    // An answer to a question that was given up belongs to nobody.
    const isWanted = () => own === question && !isStopped
    try {
      const headers = await inference.headers?.()
      const reply = await tracer.span('ask model', { rows: String(rows.length) }, async (span) => {
        const answer = await runtime.http({
          method: 'POST',
          url: `${inference.url}/v1/predict`,
          body: JSON.stringify({ featureFingerprint: subject.featureFingerprint, rows }),
          headers: { ...headers, ...traceHeaders(), 'content-type': 'application/json' },
          timeoutUs: answerTimeoutUs,
          replyBytesMax: answerBytesMax + answerBytesPerRowMax * rows.length,
        })
        if (answer.status !== 200) span.fail(`answered ${answer.status}`)
        return answer
      })
      if (!isWanted()) return
      if (reply.status !== 200) throw refusal(reply)
      take(predictedUs, symbols, reply.body)
    } catch (error) {
      if (!isWanted()) return
      // That there is no model is nobody's failure.
      const isAbsent = error instanceof TradingError && error.code === 'MODEL_UNKNOWN'
      const line = error instanceof Error ? error.message : String(error)
      tellStatus(isAbsent ? 'stopped' : 'failed', line)
    } finally {
      if (own === question) askedUs = undefined
    }
  }

  const tick = () => {
    cancel = timers.after(askEveryUs, tick)
    const nowUs = clock.nowUs()
    if (askedUs !== undefined) {
      if (nowUs - askedUs < questionLifeUs) return
      tellStatus('failed', 'the model server neither answers nor fails')
    }
    const symbols: string[] = []
    const rows: (readonly number[])[] = []
    subject.symbols.forEach((symbol, index) => {
      const row = subject.vectorOf(index, nowUs)
      if (!row) return
      symbols.push(symbol)
      rows.push(row)
    })
    if (rows.length === 0) return
    askedUs = nowUs
    void ask(nowUs, symbols, rows)
  }
  cancel = timers.after(askEveryUs, tick)

  return {
    latest(symbol) {
      const kept = latest.get(symbol)
      if (!kept) return undefined
      const { predictedUs, ...prediction } = kept
      const ageUs = clock.nowUs() - predictedUs
      return ageUs > predictionAgeUsMax ? undefined : { ...prediction, ageUs }
    },
    stop() {
      isStopped = true
      cancel()
    },
  }
}

const fault = z.object({ error: z.string(), message: z.string() })

/** What the server said, in its own words when it is ours. */
function refusal({ status, body }: HttpReply): TradingError {
  const said = fault.safeParse(jsonOf(body))
  if (!said.success)
    return new TradingError(
      'MODEL_UNREACHABLE',
      `the model server answers ${status}: ${body.split('\n')[0]!.slice(0, 200) || 'nothing'}`,
    )
  const { error, message } = said.data
  const code = error === 'MODEL_UNKNOWN' || error === 'MODEL_MISMATCH' ? error : 'MODEL_UNREACHABLE'
  return new TradingError(code, message)
}

/** @returns undefined for what is not JSON: whatever stands in front of the server answers in its own way */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
