import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { invalidOption, oneOf, readCommandLine } from '../data/command-line.ts'
import { type ObjectiveName, objectiveNames, type SweepTask } from './header.ts'
import { checkSpace, readDimension, readSpaceFile } from './read-space.ts'
import { type RunnerName, type RunnerSpec, runnerNames } from './runner/runner.ts'
import { type SamplerName, samplerNames } from './sampler.ts'
import { gridSize, type Space, withGridPoints } from './space.ts'

/** What a sweep was asked to do. */
export type SweepOptions = {
  readonly space: Space
  readonly sampler: SamplerName
  readonly seed: number
  readonly trialCount: number
  readonly batch: number
  readonly objective: ObjectiveName
  readonly runner: RunnerSpec
  readonly task: SweepTask
  readonly workers: number
  /** Folder of this task's journal. */
  readonly folder: string
  readonly json: boolean
}

export const sweepOptionTypes = {
  engine: { type: 'string' },
  strategy: { type: 'string' },
  tape: { type: 'string', multiple: true },
  candles: { type: 'string', multiple: true },
  param: { type: 'string', multiple: true },
  space: { type: 'string' },
  set: { type: 'string', multiple: true },
  sampler: { type: 'string' },
  trials: { type: 'string' },
  seed: { type: 'string' },
  batch: { type: 'string' },
  objective: { type: 'string' },
  workers: { type: 'string' },
  out: { type: 'string' },
  'task-index': { type: 'string' },
  'task-count': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export type Environment = Readonly<Record<string, string | undefined>>

/** @throws TradingError OPTION_INVALID, FILE_UNREADABLE in one line */
export async function readSweepOptions(
  argv: readonly string[],
  environment: Environment,
): Promise<SweepOptions | 'help'> {
  const given = readCommandLine(argv, sweepOptionTypes)
  if (given.has('help')) return 'help'
  const [stray] = given.positionals
  if (stray !== undefined)
    throw invalidOption(
      `'${stray}' is neither an option nor a command; commands are merge and walk-forward`,
    )
  const file = given.text('space')
  const parameters = [
    ...(file === undefined ? [] : await readSpaceFile(file)),
    ...given.texts('param').map(readDimension),
  ]
  const sampler = oneOf('--sampler', given.text('sampler') ?? 'random', samplerNames)
  const trials = given.whole('trials', { least: 1, most: 10_000_000 })
  const space =
    sampler === 'grid'
      ? withGridPoints(checkSpace(parameters), trials ?? 100)
      : checkSpace(parameters)
  const task = readTask(given.text('task-index'), given.text('task-count'), environment)
  const out = given.text('out') ?? 'sweep'
  return {
    space,
    sampler,
    seed: given.whole('seed', { least: 0, most: 2 ** 32 - 1 }) ?? 1,
    trialCount: sampler === 'grid' ? gridSize(space) : (trials ?? 100),
    batch: sampler === 'tpe' ? (given.whole('batch', { least: 1, most: 100_000 }) ?? 64) : 1,
    objective: oneOf('--objective', given.text('objective') ?? 'sharpe', objectiveNames),
    runner: readRunner(given),
    task,
    workers: given.whole('workers', { least: 1, most: 256 }) ?? availableParallelism(),
    folder: taskFolder(out, task),
    json: given.has('json'),
  }
}

/** Every task writes its own file, so that no two machines write the same one. */
export const taskFolder = (out: string, { index, count }: SweepTask): string =>
  count === 1 ? out : join(out, `task-${String(index).padStart(4, '0')}-of-${count}`)

function readTask(
  indexText: string | undefined,
  countText: string | undefined,
  environment: Environment,
): SweepTask {
  const index = indexText ?? environment.CLOUD_RUN_TASK_INDEX ?? '0'
  const count = countText ?? environment.CLOUD_RUN_TASK_COUNT ?? '1'
  const isWhole = /^\d{1,6}$/.test(index) && /^\d{1,6}$/.test(count)
  if (!isWhole || !(Number(index) < Number(count)))
    throw invalidOption(`task ${index} of ${count}: the index goes from 0 to the count minus one`)
  return { index: Number(index), count: Number(count) }
}

const defaultStrategies: Readonly<Record<RunnerName, string>> = {
  replay: 'glft',
  candle: 'grid',
  analytic: 'known function',
}

type Given = ReturnType<typeof readCommandLine>

function readRunner(given: Given): RunnerSpec {
  const tapes = given.texts('tape')
  const candles = given.texts('candles')
  if (tapes.length > 0 && candles.length > 0)
    throw invalidOption('--tape and --candles are two engines; give one of them')
  const fallback: RunnerName = candles.length > 0 ? 'candle' : 'replay'
  const name = oneOf('--engine', given.text('engine') ?? fallback, runnerNames)
  const paths = name === 'candle' ? candles : tapes
  if (name !== 'analytic' && paths.length === 0)
    throw invalidOption(
      name === 'candle'
        ? 'no market: add --candles FILE|FOLDER'
        : 'no market: add --tape FILE, or --candles FILE for the candle engine',
    )
  return {
    name,
    strategy: given.text('strategy') ?? defaultStrategies[name],
    paths,
    options: readSettings(given.texts('set')),
  }
}

/** `--set name=value`: what stays fixed. */
export function readSettings(
  texts: readonly string[],
): Readonly<Record<string, number | string | boolean>> {
  const settings: Record<string, number | string | boolean> = {}
  for (const text of texts) {
    const [, name, value] = /^([A-Za-z][\w.-]*)=(.+)$/.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw invalidOption(`--set '${text}': write name=value`)
    if (Object.hasOwn(settings, name)) throw invalidOption(`--set ${name} is given twice`)
    const number = Number(value)
    settings[name] =
      value === 'true' ? true : value === 'false' ? false : Number.isFinite(number) ? number : value
  }
  return settings
}
