import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { InferencePorts, ScoredCall } from './app.ts'

/** Measures every answered call: its rows, the time in the model, and how old that model is. */
export const measureScored =
  (metrics: Metrics, clock: Clock): NonNullable<InferencePorts['onScored']> =>
  ({ rows, ms, card }: ScoredCall) => {
    metrics.record('asterai.inference.batch', rows)
    metrics.record('asterai.inference.latency', ms)
    const trainedUs = Date.parse(card.trainedAt) * microsPerMilli
    const ageSeconds = (clock.nowUs() - trainedUs) / microsPerSecond
    metrics.set('asterai.model.age', ageSeconds, { model: card.modelId })
  }
