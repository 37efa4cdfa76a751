import * as gcp from '@pulumi/gcp'
import type { Place } from './place.ts'

/**
 * Rights that Google checks on the project and nowhere below it: there is no table, service or topic to grant them on.
 * Each is a role of its own with nothing else in it. Everything that can be granted on one resource is.
 */
export const projectRoles = {
  asteraiQueryRunner: {
    title: 'run BigQuery jobs; what they may read is decided per dataset',
    permissions: ['bigquery.jobs.create'],
  },
  asteraiTelemetryWriter: {
    title: 'write metrics and traces',
    permissions: [
      'cloudtrace.traces.patch',
      'monitoring.metricDescriptors.create',
      'monitoring.metricDescriptors.get',
      'monitoring.metricDescriptors.list',
      'monitoring.monitoredResourceDescriptors.get',
      'monitoring.monitoredResourceDescriptors.list',
      'monitoring.timeSeries.create',
      'telemetry.metrics.write',
      'telemetry.traces.write',
    ],
  },
  asteraiTrainer: {
    title: 'start training jobs and catalogue models',
    permissions: [
      'aiplatform.customJobs.create',
      'aiplatform.customJobs.get',
      'aiplatform.customJobs.list',
      'aiplatform.models.get',
      'aiplatform.models.list',
      'aiplatform.models.update',
      'aiplatform.models.upload',
      'aiplatform.operations.list',
    ],
  },
} as const

/** Granted on one service each, never on the project. */
const scalerPermissions = ['run.services.get', 'run.services.update', 'run.operations.get']

export type Roles = Readonly<
  Record<keyof typeof projectRoles | 'asteraiScaler', gcp.projects.IAMCustomRole>
>

export function createRoles({ after }: Place): Roles {
  const role = (roleId: string, title: string, permissions: readonly string[]) =>
    new gcp.projects.IAMCustomRole(
      `role-${roleId}`,
      { roleId, title, permissions: [...permissions], stage: 'GA' },
      after,
    )
  const made = Object.entries(projectRoles).map(([roleId, { title, permissions }]) => [
    roleId,
    role(roleId, title, permissions),
  ])
  return {
    ...Object.fromEntries(made),
    asteraiScaler: role('asteraiScaler', 'set the instance count of a service', scalerPermissions),
  } as Roles
}
