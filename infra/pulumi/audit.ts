import * as gcp from '@pulumi/gcp'
import type { Place } from './place.ts'

/** Every look at a secret and every change of rights is written down. */
export function createAudit({ config, after }: Place): void {
  for (const service of ['secretmanager', 'iam', 'iap'])
    new gcp.projects.IAMAuditConfig(
      `audit-${service}`,
      {
        project: config.projectId,
        service: `${service}.googleapis.com`,
        auditLogConfigs: [
          { logType: 'ADMIN_READ' },
          { logType: 'DATA_READ' },
          { logType: 'DATA_WRITE' },
        ],
      },
      after,
    )
}
