import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationType,
  type IMetricReader,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { type MetricName, metrics as specs } from '../manifest/metric.ts'
import { instrumentName } from './name.ts'
import type { Metrics } from './port.ts'

export type MeterOptions = {
  readonly service: string
  /** Base address of an OTLP receiver, `http://localhost:4318`; left out, measurements are only read by `scrape`. */
  readonly otlpUrl?: string
}

export type Meter = {
  readonly metrics: Metrics
  /** What stands now, in Prometheus' text format. */
  scrape(): Promise<string>
  /** Sends what is left. */
  close(): Promise<void>
}

/** Order latencies lie between one and some hundred milliseconds; a batch and a function go further on each side. */
const bucketBounds = [
  1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000,
]
const exportEveryMs = 15_000
const metricNames = Object.keys(specs) as MetricName[]

/** Read when somebody asks. */
class AskedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Measurements of one process, by OpenTelemetry, under the names of the manifest. */
export async function openMeter({ service, otlpUrl }: MeterOptions): Promise<Meter> {
  const asked = new AskedReader()
  const readers: IMetricReader[] = [asked]
  if (otlpUrl !== undefined) {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http')
    readers.push(
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${otlpUrl}/v1/metrics` }),
        exportIntervalMillis: exportEveryMs,
      }),
    )
  }
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    readers,
    views: metricNames
      .filter((name) => specs[name].kind === 'histogram')
      .map((name) => ({
        instrumentName: instrumentName(name),
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM as const,
          options: { boundaries: bucketBounds },
        },
      })),
  })
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  return {
    metrics: instrumentsOf(provider),
    async scrape() {
      const { resourceMetrics, errors } = await asked.collect()
      if (errors.length > 0) throw errors[0]
      return serializer.serialize(resourceMetrics)
    },
    close: () => provider.shutdown(),
  }
}

function instrumentsOf(provider: MeterProvider): Metrics {
  const meter = provider.getMeter('asterai')
  const options = (name: MetricName) => ({ description: specs[name].what })
  const ofKind = (kind: string) => metricNames.filter((name) => specs[name].kind === kind)
  const counters = new Map(
    ofKind('counter').map((name) => [
      name,
      meter.createCounter(instrumentName(name), options(name)),
    ]),
  )
  const gauges = new Map(
    ofKind('gauge').map((name) => [name, meter.createGauge(instrumentName(name), options(name))]),
  )
  const histograms = new Map(
    ofKind('histogram').map((name) => [
      name,
      meter.createHistogram(instrumentName(name), options(name)),
    ]),
  )
  return {
    add: (name, value, attributes) => counters.get(name)?.add(value, attributes),
    set: (name, value, attributes) => gauges.get(name)?.record(value, attributes),
    record: (name, value, attributes) => histograms.get(name)?.record(value, attributes),
  }
}
