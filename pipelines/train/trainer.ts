import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'

const project = import.meta.dirname
/** Outside the sources, where nothing that walks over them meets thousands of files. */
const environmentFolder = join(project, '..', '..', 'run', 'python')
/** Version that the lock file was written with. */
const uvVersion = '0.13.8'

export type TrainingOptions = {
  /** Folder of a data set. */
  readonly dataset: string
  /** Folder that gets a folder per model. */
  readonly out: string
  /** Settings of the trainer as they were given, e.g. `epochs: '5'`. */
  readonly settings: Readonly<Record<string, string>>
}

const summarySchema = z.object({
  folder: z.string(),
  verdict: z.string(),
  card: z.object({ modelId: z.string() }),
})

/** What the trainer says at its end: where the model lies, and one sentence on whether it is worth anything. */
export type TrainingSummary = z.infer<typeof summarySchema>

/**
 * Trains in Python; its progress goes to this process's standard error. The first call installs PyTorch.
 *
 * @throws TradingError PROGRAM_MISSING without uv; FILE_UNREADABLE when the trainer refuses the data set; INTERRUPTED
 * when a signal asked for the end; STATE_CORRUPT when it fails otherwise
 */
export async function trainModel(options: TrainingOptions): Promise<TrainingSummary> {
  const settings = Object.entries(options.settings).flatMap(([name, value]) => [`--${name}`, value])
  const { code, stdout } = await runPython([
    '-m',
    'asterai_train',
    '--dataset',
    options.dataset,
    '--out',
    options.out,
    ...settings,
  ])
  if (code === 2)
    throw new TradingError('FILE_UNREADABLE', `the trainer refused ${options.dataset}; see above`)
  const summary = summarySchema.safeParse(lastLine(stdout))
  if (code !== 0 || !summary.success)
    throw new TradingError(
      'STATE_CORRUPT',
      `the trainer ended with status ${code} and no summary; see above`,
    )
  return summary.data
}

/** Each is a wish to end; the last one comes from a terminal that was closed. */
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs Python with the locked packages. A signal to this process ends it; so does the death of this process, because
 * Python's standard input ends with it.
 *
 * @throws TradingError PROGRAM_MISSING without uv; INTERRUPTED when a signal asked for the end
 */
export async function runPython(
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn('uv', ['run', '--project', project, '--frozen', 'python', ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ASTERAI_ENDS_WITH_STDIN: 'yes',
        UV_PROJECT_ENVIRONMENT: environmentFolder,
        PYTHONPATH: project,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    })
    const wish = endOnSignal(child)
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.on('error', (cause: NodeJS.ErrnoException) => {
      wish.forget()
      reject(cause.code === 'ENOENT' ? missing(cause) : cause)
    })
    child.on('close', (code) => {
      wish.forget()
      const signal = wish.signal()
      if (signal === undefined) resolve({ code, stdout })
      else reject(new TradingError('INTERRUPTED', `stopped by ${signal}; no model was stored`))
    })
  })
}

/** Passes the wish to end on: a signal that was sent to this process alone reaches nobody else. */
function endOnSignal(child: ChildProcess): { signal(): string | undefined; forget(): void } {
  let first: string | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    // Asked again, there is no patience left.
    child.kill(first === undefined ? 'SIGTERM' : 'SIGKILL')
    child.stdin?.end()
    first ??= signal
  }
  for (const signal of endSignals) process.on(signal, onSignal)
  return {
    signal: () => first,
    forget() {
      for (const signal of endSignals) process.off(signal, onSignal)
    },
  }
}

const missing = (cause: unknown): TradingError =>
  new TradingError(
    'PROGRAM_MISSING',
    `training needs uv, which installs PyTorch by itself; install it with: pip install uv==${uvVersion} (or see https://docs.astral.sh/uv)`,
    {},
    cause,
  )

function lastLine(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  } catch {
    // The shape check refuses it.
    return undefined
  }
}
