import { z } from 'zod'
import type { Blobs } from '#shared/cloud/port.ts'
import { readSpend, spendQuery } from '#shared/cloud/query/spend.ts'
import { readTrainingRuns, trainingRunsQuery } from '#shared/cloud/query/training-run.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerDay } from '#shared/kernel/unit.ts'
import { type FunctionPorts, type FunctionReport, isoSeconds, readInput } from '../function-call.ts'

const inputSchema = z.strictObject({
  /** A folder under `datasets/`; the newest when absent. */
  dataset: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'wants the name of a folder under datasets/')
    .optional(),
  by: z.string().min(1).max(200).default('schedule'),
})

/** The budget's notices come several times a day. */
const noticeAgeUsMax = 3 * microsPerDay

type Ports = Pick<FunctionPorts, 'warehouse' | 'blobs' | 'training' | 'settings'>

/**
 * Starts one training job on a spot GPU, on the newest data set, under an id made of the scheduled time.
 *
 * Refused, with a reason in the report: while a job still runs, after as many jobs of the last seven days as are
 * allowed, and when the month's budget is spent or nothing told within three days how much of it is. A repeated call finds the job of the first.
 *
 * @throws TradingError OPTION_INVALID where jobs cannot run, or there is no such data set
 * @throws TradingError CONFIG_INVALID, PLATFORM_UNREACHABLE, PLATFORM_REFUSED, QUERY_INVALID
 */
export async function startTraining(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> {
  const asked = readInput(inputSchema, input)
  const { training, settings, warehouse } = ports
  if (!training)
    throw new TradingError(
      'OPTION_INVALID',
      'training jobs run in the cloud; on this machine: npm run featurize, then npm run train',
    )
  const image = settings.trainingImage
  const models = settings.trainingModelsPath
  if (image === undefined || models === undefined)
    throw new TradingError(
      'CONFIG_INVALID',
      `${image === undefined ? 'TRAINING_IMAGE' : 'TRAINING_MODELS_PATH'} is not set: the job would not know what to run`,
    )
  const trainingId = `train-${isoSeconds(scheduledAtUs).replaceAll(/[-:]/g, '').toLowerCase()}`
  const runs = readTrainingRuns(
    await warehouse.query(trainingRunsQuery(scheduledAtUs - 7 * microsPerDay)),
  )
  const known = runs.find((run) => run.trainingId === trainingId)
  const answer = { function: 'start-training', trainingId }
  if (known)
    return { ...answer, isStarted: false, jobName: known.jobName, reason: 'it was started before' }
  const refusal = await refusalOf(runs, scheduledAtUs, { ...ports, training })
  if (refusal !== undefined) return { ...answer, isStarted: false, reason: refusal }

  const dataset = await chooseDataset(asked.dataset, ports.blobs('models'))
  const jobName = await training.start({
    trainingId,
    image,
    machine: settings.trainingMachine,
    accelerator: settings.trainingAccelerator,
    isSpot: true,
    arguments: ['--dataset', `${models}/datasets/${dataset}`, '--out', `${models}/models`],
  })
  await warehouse.insert('training_runs', [
    {
      training_id: trainingId,
      started_at: scheduledAtUs,
      started_by: asked.by,
      job_name: jobName,
      image,
      machine: `${settings.trainingMachine} with ${settings.trainingAccelerator}, spot`,
      dataset,
    },
  ])
  return { ...answer, isStarted: true, jobName, dataset }
}

async function refusalOf(
  runs: ReturnType<typeof readTrainingRuns>,
  atUs: Micros,
  { training, settings, warehouse }: Ports & { readonly training: NonNullable<Ports['training']> },
): Promise<string | undefined> {
  if (runs.length >= settings.trainingRunsPerWeekMax)
    return `${runs.length} jobs were started within seven days; no more than ${settings.trainingRunsPerWeekMax} are allowed`
  const [newest] = runs
  if (newest) {
    const state = await training.state(newest.jobName)
    if (state === 'waiting' || state === 'running') return `${newest.trainingId} is still ${state}`
  }
  return await budgetRefusal(warehouse, atUs, settings.budgetActionShare)
}

async function budgetRefusal(
  warehouse: Ports['warehouse'],
  atUs: Micros,
  shareMax: number,
): Promise<string | undefined> {
  const period = new Date(atUs / 1_000).toISOString().slice(0, 7)
  const spent = readSpend(
    await warehouse.query(spendQuery('budget', atUs - noticeAgeUsMax, atUs)),
  ).findLast((row) => row.period === period)
  if (!spent?.allowed)
    return `what is spent of the budget of ${period} is unknown: no notice of it came in the last ${noticeAgeUsMax / microsPerDay} days; a stack without a billing account has none`
  if (spent.amount / spent.allowed < shareMax) return undefined
  return `the budget of ${period} is spent: ${spent.amount} of ${spent.allowed}`
}

/** A data set is whole once its `dataset.json` is there; their names begin with the time they were made. */
async function chooseDataset(
  asked: string | undefined,
  models: Pick<Blobs, 'list'>,
): Promise<string> {
  const names = await models.list(asked === undefined ? 'datasets/' : `datasets/${asked}/`)
  const whole = names.flatMap((name) => /^datasets\/([^/]+)\/dataset\.json$/.exec(name)?.[1] ?? [])
  const chosen = asked === undefined ? whole.sort().at(-1) : whole.find((id) => id === asked)
  if (chosen !== undefined) return chosen
  throw new TradingError(
    'OPTION_INVALID',
    asked === undefined
      ? 'bucket models has no data set; make one with npm run featurize and copy it to datasets/'
      : `bucket models has no whole data set datasets/${asked}`,
  )
}
