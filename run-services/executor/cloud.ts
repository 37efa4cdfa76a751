import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { proveEgress } from '#shared/cloud/process/egress.ts'
import { startHealthServer } from '#shared/cloud/process/health.ts'
import type { Life } from '#shared/cloud/process/life.ts'
import { createTenure, type Tenure } from '#shared/cloud/process/tenure.ts'
import { logAlerts } from '#shared/cloud/telemetry/alert-log.ts'
import { openTelemetry, sampledShareOfMany } from '#shared/cloud/telemetry/process-telemetry.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import type { ExecutorConfig } from './config.ts'
import { measureBus, measureHttp } from './measure.ts'
import { type ExecutorPlatform, trade } from './trade.ts'

export type CloudExecutor = {
  readonly config: ExecutorConfig
  /** Name of this instance, in the lease and the heartbeats. */
  readonly holder: string
  /** Called once the way to the venue is proved: client libraries are large and would delay the probes. */
  readonly openPlatform: (onFault: (line: string) => void) => Promise<ExecutorPlatform>
}

/**
 * The trader as a process that the platform starts, probes and stops: proves its way out, waits as a standby, trades
 * as the only writer, and hands over. Resolves when it has ended in good order.
 *
 * @throws TradingError when it could not begin, or when its end left something undone
 */
export async function runCloudExecutor(
  { config, holder, openPlatform }: CloudExecutor,
  life: Life,
): Promise<void> {
  const runtime = createLocalRuntime()
  const warn = (line: string) => life.log(line, 'WARNING')
  let ready: true | string = 'the way to the venue is not proved yet'
  let tenure: Tenure | undefined
  const health = await startHealthServer({
    port: config.healthPort,
    isReady: () => ready,
    state: () => ({ holder, mode: config.mode, tenure: tenure?.state() ?? 'starting' }),
  })
  life.log(`probes on port ${health.port}`)
  const proof = proveEgress({
    readVenueTimeMs: createAsterPublic(runtime, config.restUrl).time,
    clock: runtime.clock,
    timers: runtime.timers,
    patienceSeconds: config.egressPatienceSeconds,
    report: warn,
  })
  await Promise.race([proof, life.ending])
  if (life.isEnding()) return
  ready = true
  const { metrics, tracer, ...telemetry } = await openTelemetry({
    service: 'executor',
    otlpUrl: config.otlpUrl,
    sampledShare: sampledShareOfMany,
  })
  const opened = await openPlatform(warn)
  const platform: ExecutorPlatform = {
    ...opened,
    bus: logAlerts(measureBus(opened.bus, metrics), life.log),
  }
  const measured = {
    ...runtime,
    http: measureHttp(runtime.http, { clock: runtime.clock, metrics, tracer }),
  }
  tenure = createTenure({
    lease: platform.lease,
    clock: runtime.clock,
    timers: runtime.timers,
    takeoverWaitSeconds: config.takeoverWaitSeconds,
    onLost: (reason) => life.end(`lost the right to write: ${reason}`),
    report: (line) => life.log(line),
  })
  await trade({
    config,
    holder,
    runtime: measured,
    platform,
    metrics,
    tracer,
    tenure,
    life,
  })
  await platform.close()
  await telemetry.close()
  await health.close()
}
