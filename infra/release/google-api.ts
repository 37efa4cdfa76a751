import { z } from 'zod'

/** One request to Google's own interfaces, which the pipeline can reach wherever it runs. */
export type AskGoogle = (request: {
  readonly url: string
  /** Sent as JSON by POST; without it the call is a GET. */
  readonly body?: unknown
}) => Promise<{ readonly status: number; readonly body: unknown }>

export type GooglePlace = { readonly project: string; readonly region: string }

/** How one attempt of Cloud Scheduler to call a function ended. */
export type Attempt = {
  /** HTTP status of the function's answer; 0 when there was none. */
  readonly status: number
  /** Cloud Scheduler's own words about it. */
  readonly detail: string
}

export type WorkerPool = {
  /** Undefined where the platform does not tell. */
  readonly instanceCount: number | undefined
  readonly image: string
  /** The newest revision is the one that runs. */
  readonly isReady: boolean
}

/** What was asked was not answered, so nothing is known. The message says what to look at. */
class NotKnown extends Error {}

/** @throws NotKnown */
export async function runSchedule(
  ask: AskGoogle,
  { project, region }: GooglePlace,
  name: string,
): Promise<void> {
  const job = `projects/${project}/locations/${region}/jobs/${name}`
  const url = `https://cloudscheduler.googleapis.com/v1/${job}:run`
  await answered(ask, z.unknown(), { url, body: {} })
}

const entriesSchema = z.object({
  entries: z
    .array(
      z.object({
        httpRequest: z.object({ status: z.number().optional() }).optional(),
        jsonPayload: z
          .object({ status: z.string().optional(), debugInfo: z.string().optional() })
          .optional(),
      }),
    )
    .default([]),
})

/** Attempts that ended since a time, newest first, from Cloud Scheduler's log. @throws NotKnown */
export async function attemptsSince(
  ask: AskGoogle,
  { project, region }: GooglePlace,
  name: string,
  sinceMs: number,
): Promise<readonly Attempt[]> {
  const filter = [
    'resource.type="cloud_scheduler_job"',
    `resource.labels.job_id="${name}"`,
    `resource.labels.location="${region}"`,
    'jsonPayload."@type"="type.googleapis.com/google.cloud.scheduler.logging.AttemptFinished"',
    `timestamp>="${new Date(sinceMs).toISOString()}"`,
  ].join(' AND ')
  const { entries } = await answered(ask, entriesSchema, {
    url: 'https://logging.googleapis.com/v2/entries:list',
    body: {
      resourceNames: [`projects/${project}`],
      filter,
      orderBy: 'timestamp desc',
      pageSize: 20,
    },
  })
  return entries.map(({ httpRequest, jsonPayload }) => ({
    status: httpRequest?.status ?? 0,
    detail: [jsonPayload?.status, jsonPayload?.debugInfo].filter(Boolean).join(', '),
  }))
}

const poolSchema = z.object({
  scaling: z.object({ manualInstanceCount: z.number().optional() }).optional(),
  template: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }),
  latestReadyRevision: z.string().optional(),
  latestCreatedRevision: z.string().optional(),
})

/** @throws NotKnown */
export async function readWorkerPool(
  ask: AskGoogle,
  { project, region }: GooglePlace,
  name: string,
): Promise<WorkerPool> {
  const url = `https://run.googleapis.com/v2/projects/${project}/locations/${region}/workerPools/${name}`
  const pool = await answered(ask, poolSchema, { url })
  const { latestReadyRevision: ready, latestCreatedRevision: created } = pool
  return {
    instanceCount: pool.scaling?.manualInstanceCount,
    image: pool.template.containers[0]?.image ?? '',
    isReady: ready !== undefined && ready === created,
  }
}

async function answered<T>(
  ask: AskGoogle,
  schema: z.ZodType<T>,
  request: Parameters<AskGoogle>[0],
): Promise<T> {
  const { host, pathname } = new URL(request.url)
  const { status, body } = await ask(request).catch((error: Error) => {
    throw new NotKnown(`${host}: ${error.message.split('\n')[0]}`)
  })
  const read = schema.safeParse(body)
  if (status === 200 && read.success) return read.data
  const said = z.object({ error: z.object({ message: z.string() }) }).safeParse(body)
  const why = said.success ? `: ${said.data.error.message.split('\n')[0]}` : ''
  throw new NotKnown(
    `${host}${pathname} answered ${status}${status === 200 ? ' in an unknown shape' : why}`,
  )
}
