import * as gcp from '@pulumi/gcp'
import { type MetricName, metrics } from '#shared/cloud/manifest/metric.ts'
import { prometheusName } from '#shared/cloud/telemetry/name.ts'
import type { Place } from '../place.ts'
import { probeMetric } from './log-metrics.ts'

/** What a chart shows: a metric of ours, or one that Google measures. */
type Chart =
  | MetricName
  | { readonly title: string; readonly filter: string; readonly aligner: string }

const run = (title: string, metric: string, aligner: string): Chart => ({
  title,
  filter: `metric.type="run.googleapis.com/${metric}"`,
  aligner,
})

const boards: Readonly<Record<string, readonly Chart[]>> = {
  trading: [
    'asterai.account.equity',
    'asterai.strategy.pnl',
    'asterai.strategy.weight',
    'asterai.fills',
    'asterai.order.outcomes',
    'asterai.order.working',
  ],
  risk: [
    'asterai.lease.held',
    'asterai.lease.epoch',
    'asterai.trading.killed',
    'asterai.order.refusals',
    'asterai.api.calls',
  ],
  latency: [
    'asterai.order.latency',
    'asterai.prediction.latency',
    'asterai.inference.latency',
    {
      title: 'median way to the venue, by region and endpoint of the latency probe (ms)',
      filter: `metric.type="logging.googleapis.com/user/${probeMetric}"`,
      aligner: 'ALIGN_PERCENTILE_50',
    },
  ],
  'data-quality': [
    'asterai.stream.age',
    'asterai.stream.messages',
    'asterai.stream.gaps',
    'asterai.stream.resyncs',
    'asterai.stream.reconnects',
    'asterai.tape.bytes',
    'asterai.warehouse.waiting',
    'asterai.function.duration',
    {
      title: 'age of the oldest message, s',
      filter: 'metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age"',
      aligner: 'ALIGN_MAX',
    },
  ],
  gpu: [
    'asterai.model.age',
    'asterai.prediction.age',
    'asterai.inference.batch',
    run('GPU use', 'container/gpu/utilizations', 'ALIGN_PERCENTILE_95'),
    run('instances', 'container/instance_count', 'ALIGN_MAX'),
  ],
  cost: [
    run('billed seconds of containers', 'container/billable_instance_time', 'ALIGN_RATE'),
    run('requests', 'request_count', 'ALIGN_RATE'),
    {
      title: 'bytes published',
      filter: 'metric.type="pubsub.googleapis.com/topic/byte_cost"',
      aligner: 'ALIGN_RATE',
    },
    {
      title: 'bytes that BigQuery stores',
      filter: 'metric.type="bigquery.googleapis.com/storage/stored_bytes"',
      aligner: 'ALIGN_MEAN',
    },
    {
      title: 'bytes that queries were billed for',
      filter: 'metric.type="bigquery.googleapis.com/query/statement_scanned_bytes_billed"',
      aligner: 'ALIGN_RATE',
    },
  ],
}

/** Metrics that some dashboard shows; a test holds it against the manifest. */
export const shownMetrics: ReadonlySet<string> = new Set(
  Object.values(boards)
    .flat()
    .filter((chart) => typeof chart === 'string'),
)

export function createDashboards({ config, after }: Place): void {
  for (const [name, charts] of Object.entries(boards))
    new gcp.monitoring.Dashboard(
      `dashboard-${name}`,
      {
        dashboardJson: JSON.stringify({
          displayName: `AsterAI ${config.stack}: ${name}`,
          labels: Object.fromEntries(Object.keys(config.labels).map((key) => [key, ''])),
          mosaicLayout: { columns: 12, tiles: charts.map(tile) },
        }),
      },
      after,
    )
}

/** Two charts in a row. */
const tile = (chart: Chart, index: number) => ({
  xPos: (index % 2) * 6,
  yPos: Math.floor(index / 2) * 4,
  width: 6,
  height: 4,
  widget: {
    title:
      typeof chart === 'string' ? `${metrics[chart].what} (${metrics[chart].unit})` : chart.title,
    xyChart: { dataSets: [{ plotType: 'LINE', timeSeriesQuery: timeSeriesQuery(chart) }] },
  },
})

function timeSeriesQuery(chart: Chart) {
  if (typeof chart === 'string') return { prometheusQuery: promQuery(chart) }
  return {
    timeSeriesFilter: {
      filter: chart.filter,
      aggregation: { alignmentPeriod: '300s', perSeriesAligner: chart.aligner },
    },
  }
}

/** A counter as its rate, a histogram as its 95th percentile, a gauge as it is. */
function promQuery(name: MetricName): string {
  const { kind, attributes = [] }: { kind: string; attributes?: readonly string[] } = metrics[name]
  const metric = prometheusName(name)
  const by = attributes.length === 0 ? '' : ` by (${attributes.join(', ')})`
  if (kind === 'counter') return `sum${by} (rate(${metric}[5m]))`
  if (kind === 'histogram') {
    const labels = ['le', ...attributes].join(', ')
    return `histogram_quantile(0.95, sum by (${labels}) (rate(${metric}_bucket[5m])))`
  }
  return attributes.length === 0 ? `max(${metric})` : `max${by} (${metric})`
}
