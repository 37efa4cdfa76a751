import { deadLetterReader, subscriptionName, warehouseReader } from '#shared/cloud/gcp/names.ts'
import type { AlertName } from '#shared/cloud/manifest/alert.ts'
import { prometheusName } from '#shared/cloud/telemetry/name.ts'
import type { StackConfig } from '../config.ts'
import { alertMetric } from './log-metrics.ts'

/** When an alert fires, besides a log line that names it. */
export type Condition =
  | {
      readonly kind: 'query'
      readonly name: string
      readonly query: string
      readonly forSeconds: number
    }
  | {
      readonly kind: 'threshold'
      readonly name: string
      readonly filter: string
      readonly above: number
      readonly forSeconds: number
      readonly periodSeconds: number
      readonly aligner: string
      readonly reducer: string
      readonly groupBy: readonly string[]
    }

const lease = prometheusName('asterai.lease.held')
/** A series counts for five minutes after its process has ended; only what was told lately says who holds it now. */
const heldLately = `max_over_time(${lease}[90s])`
const outcomes = prometheusName('asterai.order.outcomes')

const query = (name: string, text: string, forSeconds = 0): Condition => ({
  kind: 'query',
  name,
  query: text,
  forSeconds,
})

/** Nobody may trade for a while, and liquidations are rare: silence there says nothing. */
const neverSilent = 'stream!~".*@(aggTrade|forceOrder)"'

/** Counts of a metric of Google's over a window. */
const threshold = (
  name: string,
  filter: string,
  above: number,
  how: Partial<Extract<Condition, { kind: 'threshold' }>> = {},
): Condition => ({
  kind: 'threshold',
  name,
  filter,
  above,
  forSeconds: 0,
  periodSeconds: 300,
  aligner: 'ALIGN_MAX',
  reducer: 'REDUCE_MAX',
  groupBy: [],
  ...how,
})

/** What the alerts of the manifest look at. Those that are events have nothing here: their log line is all there is. */
export function conditionsOf(
  config: StackConfig,
): Readonly<Record<AlertName, readonly Condition[]>> {
  const keep = subscriptionName('dead-letters', deadLetterReader)
  return {
    'executor-silent': [
      // A metric that never came would not be missed by a condition on its absence; this one misses it.
      query('no heartbeat for 120 s', `absent_over_time(${lease}[2m])`),
      query('nobody holds the lease', `sum(${heldLately}) < 1`, 120),
    ],
    // Longer than a hand-over is remembered; two that truly hold it say so in their logs at once.
    'lease-contended': [query('two hold the lease', `sum(${heldLately}) > 1`, 120)],
    'trading-killed': [
      query('kill switch', `max(${prometheusName('asterai.trading.killed')}) > 0`),
    ],
    'account-mismatch': [],
    'orders-unknown': [],
    'order-rejects': [
      query(
        'more than one in ten',
        // A cancel that comes after the fill is refused too, and says nothing about orders.
        `sum(rate(${outcomes}{operation="place",outcome="refused"}[10m])) / sum(rate(${outcomes}{operation="place"}[10m])) > 0.1`,
        300,
      ),
    ],
    'stream-stale': [
      query(
        'silent for 30 s',
        `max by (stream) (${prometheusName('asterai.stream.age')}{${neverSilent}}) > 30`,
        60,
      ),
    ],
    'data-quality': [],
    'dead-letters': [
      threshold(
        'messages wait for a person',
        `metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND resource.type="pubsub_subscription" AND resource.labels.subscription_id="${keep}"`,
        0,
      ),
    ],
    'warehouse-lag': [
      threshold(
        'rows wait longer than 10 minutes',
        `metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age" AND resource.type="pubsub_subscription" AND resource.labels.subscription_id=monitoring.regex.full_match("${subscriptionName('.*', warehouseReader)}")`,
        600,
        { groupBy: ['resource.labels.subscription_id'] },
      ),
    ],
    'function-failing': [
      threshold(
        'three failures in 15 minutes',
        'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND metric.labels.response_code_class="5xx"',
        2,
        {
          periodSeconds: 900,
          aligner: 'ALIGN_DELTA',
          reducer: 'REDUCE_SUM',
          groupBy: ['resource.labels.service_name'],
        },
      ),
    ],
    'gpu-hours': [
      // Counted by the platform, so it holds when the guard itself is broken.
      threshold(
        'more GPU hours in a day than allowed',
        'metric.type="run.googleapis.com/container/billable_instance_time" AND resource.type="cloud_run_revision" AND resource.labels.service_name="inference"',
        config.gpuHoursPerDayMax * 3_600,
        { periodSeconds: 86_400, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
      ),
    ],
    'model-stale': [
      query(
        'older than 30 days',
        `max(${prometheusName('asterai.model.age')}) > ${30 * 86_400}`,
        600,
      ),
      query('predictions stopped', `max(${prometheusName('asterai.prediction.age')}) > 600`, 600),
    ],
    'console-down': [
      threshold(
        'uptime check fails',
        'metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url" AND metric.labels.check_id=monitoring.regex.full_match("console-.*")',
        1,
        {
          periodSeconds: 1_200,
          forSeconds: 60,
          aligner: 'ALIGN_NEXT_OLDER',
          reducer: 'REDUCE_COUNT_FALSE',
        },
      ),
    ],
    budget: [],
  }
}

/** A log line that carries the alert's name: guards and services raise alerts that way. */
export const raisedBy = (alert: AlertName): Condition =>
  threshold(
    'raised by a service or function',
    `metric.type="logging.googleapis.com/user/${alertMetric}" AND metric.labels.alert="${alert}"`,
    0,
    { aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
  )
