import * as gcp from '@pulumi/gcp'
import { type Place, runUrl, serviceAgent } from '../place.ts'
import type { Services } from '../services.ts'

/** Asks the console from outside whether it answers, with a token of Monitoring's own identity. */
export function createUptimeCheck(place: Place, { console }: Services): void {
  const { config } = place
  const admitted = new gcp.iap.WebCloudRunServiceIamMember('console-admits-uptime-check', {
    location: config.region,
    cloudRunServiceName: console.name,
    role: 'roles/iap.httpsResourceAccessor',
    member: serviceAgent(place, 'monitoring-notification'),
  })
  new gcp.monitoring.UptimeCheckConfig(
    'uptime-console',
    {
      displayName: 'console',
      timeout: '10s',
      period: '300s',
      checkerType: 'STATIC_IP_CHECKERS',
      httpCheck: {
        path: '/healthz',
        port: 443,
        useSsl: true,
        validateSsl: true,
        acceptedResponseStatusCodes: [{ statusClass: 'STATUS_CLASS_2XX' }],
        serviceAgentAuthentication: { type: 'OIDC_TOKEN' },
      },
      monitoredResource: {
        type: 'uptime_url',
        labels: {
          project_id: config.projectId,
          host: new URL(runUrl(place, 'console')).host,
        },
      },
      userLabels: config.labels,
    },
    { dependsOn: [admitted] },
  )
}
