import * as gcp from '@pulumi/gcp'
import type { Place } from '../place.ts'

/** Log lines that carry the name of an alert, counted by it. */
export const alertMetric = 'asterai-alerts'
/** Violations of the image policy while it is in dry run. */
export const imagePolicyMetric = 'asterai-unsigned-images'

/** Counters made from log lines, for what is an event and no measurement. */
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
