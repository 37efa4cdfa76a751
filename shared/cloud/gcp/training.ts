import { TradingError } from '#shared/kernel/error.ts'
import type { Training, TrainingRequest, TrainingState } from '../port.ts'
import { clientOptions } from './client.ts'
import type { GcpEnvironment } from './environment.ts'
import { platformFault } from './fault.ts'
import { bucketName } from './names.ts'

export type GcpTraining = Training & { close(): Promise<void> }

/** A machine with one L4: the smallest that holds one. */
export const trainingMachine = 'g2-standard-8'
export const trainingAccelerator = 'NVIDIA_L4'

/** A job that no machine was found for, or that hangs, ends after this. */
const jobHoursMax = 6

/** The label that finds a job again. Values are lower case letters, digits, `-` and `_`, at most 63. */
const trainingLabel = 'training_id'

/**
 * Training jobs on Vertex AI. A job carries its training id as a label and is looked up before one is created, so asking
 * twice starts one; two askers at the very same moment may start two.
 */
export async function openGcpTraining(
  environment: Pick<
    GcpEnvironment,
    'projectId' | 'region' | 'endpoints' | 'bucketPrefix' | 'training'
  >,
): Promise<GcpTraining> {
  const { projectId, region, endpoints } = environment
  const { JobServiceClient } = await import('@google-cloud/aiplatform')
  const client = new JobServiceClient(
    await clientOptions(projectId, endpoints.vertex, `${region}-aiplatform.googleapis.com`),
  )
  const parent = `projects/${projectId}/locations/${region}`

  const find = async (trainingId: string): Promise<string | undefined> => {
    const [jobs] = await client.listCustomJobs({
      parent,
      filter: `labels.${trainingLabel}="${trainingId}"`,
    })
    return jobs[0]?.name ?? undefined
  }

  return {
    async start(request) {
      checkTrainingId(request.trainingId)
      const what = `training job ${request.trainingId} in ${parent}`
      try {
        const known = await find(request.trainingId)
        if (known !== undefined) return known
        const [{ name }] = await client.createCustomJob({
          parent,
          customJob: customJob(request, environment),
        })
        if (!name) throw new TradingError('WIRE_SHAPE_UNKNOWN', `${what} was given no name`)
        return name
      } catch (cause) {
        throw platformFault(cause, what)
      }
    },
    async state(jobName) {
      try {
        const [{ state }] = await client.getCustomJob({ name: jobName })
        return trainingState(String(state), jobName)
      } catch (cause) {
        throw platformFault(cause, `state of ${jobName}`)
      }
    },
    close: () => client.close(),
  }
}

type Placement = Pick<GcpEnvironment, 'bucketPrefix' | 'training'>

/** The job as Vertex AI wants it: one machine, our image, our identity, spot or not. */
function customJob(request: TrainingRequest, { bucketPrefix, training }: Placement) {
  const { trainingId, image, machine, accelerator, isSpot } = request
  const machineSpec =
    accelerator === undefined
      ? { machineType: machine }
      : {
          machineType: machine,
          acceleratorType: accelerator as typeof trainingAccelerator,
          acceleratorCount: 1,
        }
  return {
    displayName: trainingId,
    labels: { [trainingLabel]: trainingId, system: 'asterai' },
    jobSpec: {
      workerPoolSpecs: [
        {
          machineSpec,
          replicaCount: '1',
          containerSpec: { imageUri: image, args: [...request.arguments] },
        },
      ],
      scheduling: {
        strategy: isSpot ? ('SPOT' as const) : ('STANDARD' as const),
        timeout: { seconds: String(jobHoursMax * 3_600) },
        // A spot machine may be taken away; the job then starts again elsewhere.
        restartJobOnWorkerRestart: isSpot,
      },
      baseOutputDirectory: {
        outputUriPrefix: `gs://${bucketName(bucketPrefix, 'models')}/training/${trainingId}`,
      },
      ...(training.serviceAccount === undefined ? {} : { serviceAccount: training.serviceAccount }),
      // Vertex AI lets jobs write to a TensorBoard only under an identity of their own.
      ...(training.tensorboard === undefined || training.serviceAccount === undefined
        ? {}
        : { tensorboard: training.tensorboard }),
    },
  }
}

const states: Readonly<Record<string, TrainingState>> = {
  JOB_STATE_QUEUED: 'waiting',
  JOB_STATE_PENDING: 'waiting',
  JOB_STATE_PAUSED: 'waiting',
  JOB_STATE_RUNNING: 'running',
  JOB_STATE_UPDATING: 'running',
  JOB_STATE_CANCELLING: 'running',
  JOB_STATE_SUCCEEDED: 'succeeded',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_EXPIRED: 'failed',
  // One machine: partly done is not done.
  JOB_STATE_PARTIALLY_SUCCEEDED: 'failed',
  JOB_STATE_CANCELLED: 'canceled',
}

function trainingState(state: string, jobName: string): TrainingState {
  const known = states[state]
  if (known === undefined)
    throw new TradingError('WIRE_SHAPE_UNKNOWN', `${jobName} is in the unknown state '${state}'`)
  return known
}

function checkTrainingId(trainingId: string): void {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(trainingId)) return
  throw new TradingError(
    'OPTION_INVALID',
    `training id '${trainingId}' must be lower case letters, digits, '-' and '_', at most 63`,
  )
}
