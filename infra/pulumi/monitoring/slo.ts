import * as gcp from '@pulumi/gcp'
import { prometheusName } from '#shared/cloud/telemetry/name.ts'
import type { Place } from '../place.ts'

const days = 28

/** What we promise ourselves: orders are quick, somebody holds the lease, the console answers. */
export function createSlos({ config, after }: Place): void {
  const userLabels = config.labels
  const service = new gcp.monitoring.CustomService(
    'slo-service',
    { serviceId: 'asterai', displayName: 'AsterAI', userLabels },
    after,
  )
  const promise = { service: service.serviceId, rollingPeriodDays: days, userLabels }
  new gcp.monitoring.Slo('slo-order-latency', {
    ...promise,
    sloId: 'order-latency',
    displayName: '99 % of orders and cancels are answered within 500 ms',
    goal: 0.99,
    requestBasedSli: {
      distributionCut: {
        distributionFilter: `metric.type="prometheus.googleapis.com/${prometheusName('asterai.order.latency')}/histogram" AND resource.type="prometheus_target"`,
        range: { min: 0, max: 500 },
      },
    },
  })
  new gcp.monitoring.Slo('slo-heartbeat', {
    ...promise,
    sloId: 'heartbeat',
    displayName: 'the executor holds the lease in 99.5 % of all minutes',
    goal: 0.995,
    windowsBasedSli: {
      windowPeriod: '60s',
      metricMeanInRange: {
        timeSeries: `metric.type="prometheus.googleapis.com/${prometheusName('asterai.lease.held')}/gauge" AND resource.type="prometheus_target"`,
        range: { min: 0.5, max: 1 },
      },
    },
  })
  const requests =
    'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND resource.labels.service_name="console"'
  new gcp.monitoring.Slo('slo-console', {
    ...promise,
    sloId: 'console',
    displayName: '99 % of the console’s answers are no failures of ours',
    goal: 0.99,
    requestBasedSli: {
      goodTotalRatio: {
        totalServiceFilter: requests,
        badServiceFilter: `${requests} AND metric.labels.response_code_class="5xx"`,
      },
    },
  })
}
