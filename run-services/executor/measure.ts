import type { DecisionMessage, EquityMessage, FillMessage } from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import type { Tracer } from '#shared/cloud/telemetry/tracer.ts'
import type { Clock, Http, HttpReply } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'

const operations: Readonly<Record<string, string>> = {
  'POST order': 'place',
  'DELETE order': 'cancel',
  'DELETE allOpenOrders': 'cancel-all',
  'POST countdownCancelAll': 'arm-dead-man',
  'POST noop': 'noop',
}

export type Measures = {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly tracer: Tracer
}

/**
 * Measures and traces what becomes of orders and cancels on their way to the venue. Reads pass unmeasured, and the venue
 * is told nothing of the trace.
 */
export function measureHttp(http: Http, { clock, metrics, tracer }: Measures): Http {
  return async (request) => {
    const last = new URL(request.url).pathname.split('/').at(-1)
    const operation = operations[`${request.method} ${last}`]
    if (operation === undefined) return await http(request)
    const sentUs = clock.nowUs()
    const tell = (outcome: string) => {
      metrics.record('asterai.order.latency', (clock.nowUs() - sentUs) / microsPerMilli, {
        operation,
      })
      metrics.add('asterai.order.outcomes', 1, { operation, outcome })
    }
    let reply: HttpReply
    try {
      reply = await tracer.span(`venue ${operation}`, {}, async (span) => {
        const answer = await http(request)
        const outcome = outcomeOf(answer.status)
        span.set('outcome', outcome)
        if (outcome !== 'acknowledged') span.fail(`answered ${answer.status}`)
        return answer
      })
    } catch (error) {
      tell('unknown')
      throw error
    }
    tell(outcomeOf(reply.status))
    return reply
  }
}

/** A venue that says it failed may have taken the order all the same. */
const outcomeOf = (status: number): string =>
  status < 300 ? 'acknowledged' : status < 500 ? 'refused' : 'unknown'

/** Measures what the executor tells the bus anyway, so that page and dashboards show the same. */
export function measureBus(bus: Bus, metrics: Metrics): Bus {
  const measure = measures(metrics)
  return {
    ...bus,
    publish(topic, message) {
      bus.publish(topic, message)
      measure[topic]?.(message)
    },
  }
}

function measures(metrics: Metrics): Readonly<Record<string, (message: Message) => void>> {
  const predictedAtUs = new Map<string, number>()
  return {
    fills: (message) => {
      const { strategy, liquidity } = message as FillMessage
      metrics.add('asterai.fills', 1, { strategy, liquidity })
    },
    decisions: (message) => {
      const { verdict, strategy, reason } = message as DecisionMessage
      if (verdict === 'refused')
        metrics.add('asterai.order.refusals', 1, { strategy, reason: kindOf(reason) })
    },
    equity: (message) => measureAccount(message as unknown as EquityMessage, metrics),
    heartbeats: ({ epoch, stream_age_seconds, recorded_at }) => {
      metrics.set('asterai.lease.held', 1)
      metrics.set('asterai.lease.epoch', Number(epoch))
      // Null while no stream has said anything: an age of zero would be a lie.
      if (typeof stream_age_seconds === 'number')
        metrics.set('asterai.stream.age', stream_age_seconds, { stream: 'oldest' })
      for (const [symbol, atUs] of predictedAtUs)
        metrics.set('asterai.prediction.age', (Number(recorded_at) - atUs) / microsPerSecond, {
          symbol,
        })
    },
    predictions: ({ symbol, predicted_at, latency_ms }) => {
      metrics.record('asterai.prediction.latency', Number(latency_ms))
      // Its age grows until the next one: it is told with the heartbeats.
      predictedAtUs.set(String(symbol), Number(predicted_at))
    },
  }
}

function measureAccount({ rows, trading }: EquityMessage, metrics: Metrics): void {
  metrics.set('asterai.trading.killed', trading.isKilled ? 1 : 0)
  metrics.set('asterai.order.working', trading.workingOrders)
  const total = rows.find(({ strategy }) => strategy === 'total')
  if (!total) return
  const equity = Number(total.equity)
  metrics.set('asterai.account.equity', equity)
  for (const { strategy, pnl, equity: capital } of rows) {
    metrics.set('asterai.strategy.pnl', Number(pnl), { strategy })
    if (strategy !== 'total' && equity > 0)
      metrics.set('asterai.strategy.weight', Number(capital) / equity, { strategy })
  }
}

/** A reason without its numbers, so that a series exists per kind of refusal and not per price. */
const kindOf = (reason: string): string =>
  (reason.split(/[:(]|\s-?\d/)[0] ?? '').trim().slice(0, 60) || 'other'
