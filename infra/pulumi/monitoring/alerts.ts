import * as gcp from '@pulumi/gcp'
import { type AlertName, alerts } from '#shared/cloud/manifest/alert.ts'
import type { Place } from '../place.ts'
import { type Condition, conditionsOf, raisedBy } from './conditions.ts'

/** One policy per alert of the manifest; each links to what a person should do. */
export function createAlerts(
  { config, after }: Place,
  channels: gcp.monitoring.NotificationChannel[],
  logMetrics: gcp.logging.Metric[],
): void {
  const conditions = conditionsOf(config)
  for (const name of Object.keys(alerts) as AlertName[]) {
    const { what, severity } = alerts[name]
    new gcp.monitoring.AlertPolicy(
      `alert-${name}`,
      {
        displayName: name,
        combiner: 'OR',
        severity: severity.toUpperCase(),
        conditions: [...conditions[name], raisedBy(name)].map(conditionArgs),
        notificationChannels: channels.map(({ id }) => id),
        alertStrategy: { autoClose: '86400s' },
        documentation: {
          subject: `asterai ${config.stack}: ${name}`,
          content: `${what}. What to do: ${config.runbookUrl}#${name}`,
          mimeType: 'text/markdown',
          links: [{ displayName: 'Runbook', url: `${config.runbookUrl}#${name}` }],
        },
        userLabels: { ...config.labels, alert: name },
      },
      { dependsOn: [...after.dependsOn, ...logMetrics] },
    )
  }
}

function conditionArgs(condition: Condition) {
  if (condition.kind === 'query')
    return {
      displayName: condition.name,
      conditionPrometheusQueryLanguage: {
        query: condition.query,
        duration: `${condition.forSeconds}s`,
        evaluationInterval: '30s',
        // The metric does not exist before the first release has run.
        disableMetricValidation: true,
      },
    }
  const { name, filter, above, forSeconds, periodSeconds, aligner, reducer, groupBy } = condition
  return {
    displayName: name,
    conditionThreshold: {
      filter,
      comparison: 'COMPARISON_GT',
      thresholdValue: above,
      duration: `${forSeconds}s`,
      aggregations: [
        {
          alignmentPeriod: `${periodSeconds}s`,
          perSeriesAligner: aligner,
          crossSeriesReducer: reducer,
          ...(groupBy.length > 0 ? { groupByFields: [...groupBy] } : {}),
        },
      ],
      trigger: { count: 1 },
    },
  }
}
