import type { InferenceSession } from 'onnxruntime-node'
import { TradingError } from '#shared/kernel/error.ts'
import type { Probabilities } from '#shared/signal/model/card.ts'

export type Provider = 'cpu' | 'cuda'

export type ScorerOptions = {
  /** `cuda` never falls back: a GPU that cannot be used is an error, not a slow surprise. */
  readonly provider: Provider
  /** Threads of one call on the CPU. */
  readonly threads: number
}

/** A loaded model. Rows are features in the order of its card. */
export type Scorer = {
  readonly featureCount: number
  /** @throws TradingError MODEL_BROKEN when the model answers with something else than probabilities */
  score(rows: readonly (readonly number[])[]): Promise<readonly Probabilities[]>
  close(): Promise<void>
}

/** Names of the graph's ends, as training exports them. */
const inputName = 'features'
const outputName = 'probabilities'
const classes = 3
/** float32 softmax adds up to 1 within a few units in the last place. */
const sumErrorMax = 1e-4

/**
 * Loads an ONNX file: input `features` float32 [batch, n], output `probabilities` float32 [batch, 3] in the order
 * down, flat, up. Scores one row of zeros, so that a model that cannot answer is refused before it serves.
 *
 * CUDA: onnxruntime-node 1.30 brings the CPU libraries only. Its install script fetches the CUDA 12 provider for
 * linux/x64 from NuGet (`ONNXRUNTIME_NODE_INSTALL=cuda12`), and that needs the CUDA 12 runtime and cuDNN 9 in the image.
 *
 * @throws TradingError MODEL_BROKEN, CONFIG_INVALID when the provider cannot be used on this machine
 */
export async function openScorer(file: Uint8Array, options: ScorerOptions): Promise<Scorer> {
  // A native library of 20 MB: loaded with the first model, not at the start of the process.
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  let session: InferenceSession
  try {
    session = await InferenceSession.create(file, {
      executionProviders: [options.provider],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    })
  } catch (cause) {
    throw loadFault(options.provider, cause)
  }
  try {
    const featureCount = checkEnds(session)
    const scorer: Scorer = {
      featureCount,
      async score(rows) {
        const flat = new Float32Array(rows.length * featureCount)
        for (const [index, row] of rows.entries()) flat.set(row, index * featureCount)
        const feeds = { [inputName]: new Tensor('float32', flat, [rows.length, featureCount]) }
        const { [outputName]: output } = await session.run(feeds, [outputName])
        return readProbabilities(output?.data, rows.length)
      },
      close: () => session.release(),
    }
    await scorer.score([new Array<number>(featureCount).fill(0)])
    return scorer
  } catch (error) {
    await session.release()
    throw error instanceof TradingError
      ? error
      : broken(`the model does not answer: ${firstLine(error)}`, error)
  }
}

/** @returns number of features */
function checkEnds({ inputMetadata, outputMetadata }: InferenceSession): number {
  const input = inputMetadata.find(({ name }) => name === inputName)
  const output = outputMetadata.find(({ name }) => name === outputName)
  if (inputMetadata.length !== 1 || !input?.isTensor || input.type !== 'float32')
    throw broken(`the model's input is not '${inputName}' of float32`)
  if (!output?.isTensor || output.type !== 'float32')
    throw broken(`the model has no output '${outputName}' of float32`)
  const [, width] = input.shape
  if (input.shape.length !== 2 || typeof width !== 'number' || width < 1)
    throw broken(`the model's input is not [batch, number of features] but [${input.shape}]`)
  const answers = output.shape[1]
  if (typeof answers === 'number' && answers !== classes)
    throw broken(`the model knows ${answers} classes, not down, flat and up`)
  return width
}

function readProbabilities(values: unknown, rows: number): readonly Probabilities[] {
  if (!(values instanceof Float32Array) || values.length !== rows * classes)
    throw broken(`the model gave no ${classes} numbers for each of ${rows} rows`)
  const answers: Probabilities[] = []
  for (let row = 0; row < rows; row++) {
    const [down, flat, up] = values.subarray(row * classes)
    const answer = { down: down!, flat: flat!, up: up! }
    if (!isDistribution(answer))
      throw broken(`the model answers ${down}, ${flat}, ${up}, which are not probabilities`)
    answers.push(answer)
  }
  return answers
}

/** Each within 0 and 1, and together 1. */
const isDistribution = ({ down, flat, up }: Probabilities): boolean =>
  [down, flat, up].every((each) => each >= 0 && each <= 1 + sumErrorMax) &&
  Math.abs(down + flat + up - 1) <= sumErrorMax

function loadFault(provider: Provider, cause: unknown): TradingError {
  const line = firstLine(cause)
  if (provider === 'cuda' && /cuda|provider|backend/i.test(line))
    return new TradingError(
      'CONFIG_INVALID',
      `INFERENCE_PROVIDER=cuda cannot be used here (${line}); the image needs the CUDA 12 provider of onnxruntime-node and an NVIDIA driver, or set INFERENCE_PROVIDER=cpu`,
      {},
      cause,
    )
  return broken(`the model cannot be loaded: ${line}`, cause)
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300)

const broken = (message: string, cause?: unknown): TradingError =>
  new TradingError('MODEL_BROKEN', message, {}, cause)
