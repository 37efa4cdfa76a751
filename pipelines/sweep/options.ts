import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Command, Values } from '#shared/cloud/command-line/command.ts'
import {
  choice,
  file,
  flag,
  folder,
  json,
  needed,
  number,
  repeated,
  seed,
  text,
  whole,
} from '#shared/cloud/command-line/option.ts'
import { invalidOption, readPair } from '#shared/cloud/command-line/read-word.ts'
import type { Environment } from '#shared/cloud/process/settings.ts'
import { type ObjectiveName, objectiveNames, type SweepTask } from './header.ts'
import { checkSpace, readDimension, readSpaceFile } from './read-space.ts'
import { admitSettings, admitSpace, exampleParameter } from './runner/admit.ts'
import { type RunnerName, type RunnerSpec, runnerNames } from './runner/runner.ts'
import { type SamplerName, samplerNames } from './sampler.ts'
import { gridSize, type Space, withGridPoints } from './space.ts'

/** Where trials are kept unless told otherwise: beside everything else that programs write. */
export const defaultFolder = 'run/sweep'

const days = { value: 'DAYS', range: [0, 36_500] } as const

const mergeCommand = {
  call: 'npm run sweep -- merge',
  what: 'Joins what several machines did with --task-index.',
  words: { value: 'FOLDER...', what: 'folders of one sweep, or of its tasks', least: 1 },
  options: {
    out: folder({ what: 'where all trials go together; default: nowhere' }),
    json,
  },
  examples: ['npm run sweep -- merge run/sweep --out run/whole'],
} satisfies Command

const walkForwardCommand = {
  call: 'npm run sweep -- walk-forward',
  what: 'Chooses parameters on train windows and reports the test windows only.',
  usage: ['npm run sweep -- walk-forward [FOLDER...] --train DAYS --test DAYS [options]'],
  words: { value: 'FOLDER...', what: `folders of one sweep; default: ${defaultFolder}`, least: 0 },
  options: {
    train: needed(number({ ...days, what: 'length of a train window' }), '60'),
    test: needed(number({ ...days, what: 'length of the test window after it' }), '60'),
    purge: number({
      ...days,
      what: 'how long a return depends on what was held; such do not train',
      default: '0',
    }),
    embargo: number({ ...days, what: 'left out behind each test window', default: '1' }),
    expanding: flag('train windows begin at the start instead of moving along'),
    json,
  },
  examples: ['npm run sweep -- walk-forward run/sweep --train 60 --test 20 --embargo 1'],
} satisfies Command

export const sweepCommand = {
  call: 'npm run sweep',
  what: 'Searches the parameters of a strategy and says how much of the best result is luck.',
  usage: [
    'npm run sweep -- --tape FILE --param NAME=LOW..HIGH [options]',
    'npm run sweep -- COMMAND FOLDER... [options]',
  ],
  options: {
    tape: repeated({ value: 'FILE', what: 'recorded market, repeatable; the replay engine' }),
    candles: repeated({ value: 'PATH', what: 'candles, repeatable; the candle engine' }),
    engine: choice({
      choices: runnerNames,
      value: 'NAME',
      what: 'replay: many variants per pass; candle; analytic: a known function, to try the search out',
    }),
    strategy: text({ value: 'NAME', what: 'default: glft on tapes, grid on candles' }),
    param: repeated({
      value: 'NAME=RANGE',
      what: 'what to search, repeatable: LOW..HIGH[:log][:int][:points=N], or a list 1,2,5',
    }),
    space: file({
      what: 'the same as JSON: {"gammaPerTick": {"low": 0.01, "high": 1, "scale": "log"}, "orderLots": [1, 2]}',
    }),
    set: repeated({
      value: 'NAME=VALUE',
      what: 'what stays fixed, repeatable: parameters, and options of the engine; a wrong name lists them',
    }),
    sampler: choice({ choices: samplerNames, what: 'how trials are chosen', default: 'random' }),
    trials: whole({
      what: 'for grid: points in all, shared among the parameters',
      range: [1, 10_000_000],
      default: '100',
    }),
    seed: seed({ what: 'same seed, same trials', default: '1' }),
    batch: whole({ what: 'tpe: trials proposed at once', range: [1, 100_000], default: '64' }),
    objective: choice({ choices: objectiveNames, what: 'what is best', default: 'sharpe' }),
    workers: whole({ what: 'threads; default: one per core', range: [1, 256] }),
    out: folder({
      what: 'trials.jsonl in it is continued when it is of the same sweep',
      default: defaultFolder,
    }),
    'task-index': text({
      value: 'I',
      what: 'this machine does trials I, I + N, …; default: CLOUD_RUN_TASK_INDEX',
    }),
    'task-count': text({ value: 'N', what: 'machines in all; default: CLOUD_RUN_TASK_COUNT' }),
    json,
  },
  verbs: { merge: mergeCommand, 'walk-forward': walkForwardCommand },
  examples: [
    'npm run sweep -- --tape run/one/simulation-7/tape.arrow --param gammaPerTick=0.001..1:log',
    'npm run sweep -- --candles run/candles --param levels=5..10:int --set waiveFunding=true',
    'npm run sweep -- --engine analytic --param x=0..1 --param y=0..1 --trials 10000 --out run/try',
    'npm run sweep -- walk-forward run/sweep --train 60 --test 20 --embargo 1',
  ],
  notes: [
    'A tape to try it on: npm run simulate -- --seed 7 --for 30m --symbols BTCUSDT --strategies glft --folder run/one',
    'Ctrl-C finishes the running batch; the same command goes on later. A trial that is in the file never runs again.',
  ],
  exits: { 0: 'done, or stopped and resumable', 1: 'a fault, or no trial gave a result' },
} satisfies Command

type Line = Values<typeof sweepCommand.options>

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
}

/** @throws TradingError OPTION_INVALID, CONFIG_INVALID, FILE_UNREADABLE in one line */
export async function sweepOptionsOf(given: Line, environment: Environment): Promise<SweepOptions> {
  const { batch, objective, sampler, seed, trials, workers = availableParallelism() } = given
  const parameters = [
    ...(given.space === undefined ? [] : await readSpaceFile(given.space)),
    ...given.param.map(readDimension),
  ]
  const runner = readRunner(given)
  admitSettings(runner)
  const checked = checkSpace(parameters, exampleParameter(runner))
  admitSpace(runner, checked)
  const space = sampler === 'grid' ? withGridPoints(checked, trials) : checked
  const task = readTask(given['task-index'], given['task-count'], environment)
  return {
    space,
    sampler,
    seed,
    trialCount: sampler === 'grid' ? gridSize(space) : trials,
    batch: sampler === 'tpe' ? batch : 1,
    objective,
    runner,
    task,
    workers,
    folder: taskFolder(given.out, task),
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

function readRunner({ candles, engine, set, strategy, tape }: Line): RunnerSpec {
  if (tape.length > 0 && candles.length > 0)
    throw invalidOption('--tape and --candles are two engines; give one of them')
  const name = engine ?? (candles.length > 0 ? 'candle' : 'replay')
  const paths = name === 'candle' ? candles : tape
  if (name !== 'analytic' && paths.length === 0)
    throw invalidOption(
      name === 'candle'
        ? 'no market: add --candles FILE|FOLDER'
        : 'no market: add --tape FILE, or --candles FILE for the candle engine',
    )
  return {
    name,
    strategy: strategy ?? defaultStrategies[name],
    paths,
    options: readSettings(set),
  }
}

/** `--set name=value`: what stays fixed. */
function readSettings(
  texts: readonly string[],
): Readonly<Record<string, number | string | boolean>> {
  const settings: Record<string, number | string | boolean> = {}
  for (const text of texts) {
    const [name, value] = readPair(text, '--set')
    if (Object.hasOwn(settings, name)) throw invalidOption(`--set ${name} is given twice`)
    const number = Number(value)
    settings[name] =
      value === 'true' ? true : value === 'false' ? false : Number.isFinite(number) ? number : value
  }
  return settings
}
