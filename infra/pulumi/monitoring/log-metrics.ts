import * as gcp from '@pulumi/gcp'
import type { Place } from '../place.ts'

/** Log lines that carry the name of an alert, counted by it. */
export const alertMetric = 'asterai-alerts'
/** Violations of the image policy while it is in dry run. */
const imagePolicyMetric = 'asterai-unsigned-images'

/** Medians that the latency probe found, by region and endpoint. */
export const probeMetric = 'asterai-probe-latency'

/** Metrics made from log lines: of events, and of jobs, which have nobody beside them that takes measurements. */
export function createLogMetrics({ config, after }: Place): gcp.logging.Metric[] {
  const counter = { metricKind: 'DELTA', valueType: 'INT64', unit: '1' }
  return [
    new gcp.logging.Metric(
      'log-metric-alerts',
      {
        name: alertMetric,
        description: 'alerts that functions and services raised, by name',
        filter: 'jsonPayload.alert:* AND severity>=WARNING',
        metricDescriptor: {
          ...counter,
          labels: [{ key: 'alert', valueType: 'STRING', description: 'name in the manifest' }],
        },
        labelExtractors: { alert: 'EXTRACT(jsonPayload.alert)' },
      },
      after,
    ),
    new gcp.logging.Metric(
      'log-metric-probe-latency',
      {
        name: probeMetric,
        description: 'median latency to the venue, as the latency probe measured it',
        filter: 'resource.type="cloud_run_job" AND jsonPayload.probe.endpoint:*',
        valueExtractor: 'EXTRACT(jsonPayload.probe.p50_ms)',
        metricDescriptor: {
          metricKind: 'DELTA',
          valueType: 'DISTRIBUTION',
          unit: 'ms',
          labels: [
            { key: 'region', valueType: 'STRING', description: 'where the probe ran' },
            { key: 'endpoint', valueType: 'STRING', description: 'what it asked' },
          ],
        },
        labelExtractors: {
          region: 'EXTRACT(jsonPayload.probe.region)',
          endpoint: 'EXTRACT(jsonPayload.probe.endpoint)',
        },
      },
      after,
    ),
    new gcp.logging.Metric(
      'log-metric-unsigned-images',
      {
        name: imagePolicyMetric,
        description: 'images that the policy would refuse if it were enforced',
        filter: `protoPayload.serviceName="binaryauthorization.googleapis.com" AND logName:"projects/${config.projectId}/logs/"`,
        metricDescriptor: counter,
      },
      after,
    ),
  ]
}
