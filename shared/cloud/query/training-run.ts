import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment } from './time.ts'

export type TrainingRun = {
  readonly trainingId: string
  readonly startedAtUs: Micros
  readonly jobName: string
}

/** Training jobs that were started since a time, newest first. */
export const trainingRunsQuery = (fromUs: number): string =>
  `SELECT training_id, started_at, job_name
FROM training_runs
WHERE started_at >= ${moment(fromUs)}
ORDER BY started_at DESC, training_id`

/** Rows of {@link trainingRunsQuery}. */
export const readTrainingRuns = ({ rows }: QueryResult): readonly TrainingRun[] =>
  rows.map(([trainingId, startedAt, jobName]) => ({
    trainingId: String(trainingId),
    startedAtUs: microsFrom(startedAt),
    jobName: String(jobName),
  }))
