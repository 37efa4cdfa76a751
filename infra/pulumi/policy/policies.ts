import { identityPolicies } from './identity.ts'
import { manifestPolicy } from './manifest.ts'
import { messagingPolicies } from './messaging.ts'
import { monitoringPolicies } from './monitoring.ts'
import type { Policy } from './policy.ts'
import { storagePolicies } from './storage.ts'
import { workloadPolicies } from './workload.ts'

/** All rules. @param runbook - text of docs/runbook.md */
export const allPolicies = (runbook: string): readonly Policy[] => [
  ...identityPolicies,
  ...messagingPolicies,
  ...workloadPolicies,
  ...storagePolicies,
  ...monitoringPolicies(runbook),
  manifestPolicy,
]
