import { type MetricName, metrics } from '../manifest/metric.ts'

const unitWords: Readonly<Record<string, string>> = {
  ms: 'milliseconds',
  s: 'seconds',
  USDT: 'usdt',
}

/**
 * The name an instrument is made under. It ends in its unit, and the instrument itself declares none: receivers
 * disagree on whether they add a declared unit to the name, and alerts must find the same name everywhere.
 */
export function instrumentName(name: MetricName): string {
  const word = unitWords[metrics[name].unit]
  return word === undefined ? name : `${name}.${word}`
}

/**
 * The name of a metric where Prometheus reads it: on `/metrics` and in queries of alerts and dashboards.
 * A histogram adds `_bucket`, `_sum` and `_count` to it.
 */
export function prometheusName(name: MetricName): string {
  const base = instrumentName(name).replaceAll('.', '_')
  return metrics[name].kind === 'counter' ? `${base}_total` : base
}
