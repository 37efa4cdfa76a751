import type { MetricName } from '../manifest/metric.ts'

export type Attributes = Readonly<Record<string, string>>

/** Where a process tells its measurements. Every call is cheap and never throws for want of a receiver. */
export type Metrics = {
  /** A counter goes up by `value` ≥ 0. */
  add(name: MetricName, value: number, attributes?: Attributes): void
  /** A histogram gets one more sample. */
  record(name: MetricName, value: number, attributes?: Attributes): void
  /** A gauge stands at `value` from now on. */
  set(name: MetricName, value: number, attributes?: Attributes): void
}

/** For tests and for runs that nobody measures. */
export const silentMetrics: Metrics = { add() {}, record() {}, set() {} }
