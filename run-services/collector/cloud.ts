import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import type { StatusMessage } from '#shared/cloud/message.ts'
import type { Blobs, Bus } from '#shared/cloud/port.ts'
import { proveEgress } from '#shared/cloud/process/egress.ts'
import { startHealthServer } from '#shared/cloud/process/health.ts'
import type { Life } from '#shared/cloud/process/life.ts'
import { openTapeParts } from '#shared/cloud/tape/parts.ts'
import { openTelemetry } from '#shared/cloud/telemetry/process-telemetry.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import { startCollecting } from './collect.ts'
import type { CollectorConfig } from './config.ts'
import { findInstruments } from './record.ts'

/** What the collector takes from a platform. */
export type CollectorPlatform = {
  readonly bus: Bus
  readonly blobs: (bucket: 'tapes') => Blobs
  close(): Promise<void>
}

export type CloudCollector = {
  readonly config: CollectorConfig
  readonly openPlatform: (onFault: (line: string) => void) => Promise<CollectorPlatform>
}

/**
 * Records the public market around the clock: every part of the tape goes to the bucket, every liquidation to the bus.
 * Two at once do no harm: each writes under the time it began, and the row of a liquidation is the same from both.
 *
 * @throws TradingError SYMBOL_UNKNOWN, VENUE_UNREACHABLE, FILE_UNREADABLE, PLATFORM_UNREACHABLE
 */
export async function runCloudCollector(
  { config, openPlatform }: CloudCollector,
  life: Life,
): Promise<void> {
  const runtime = createLocalRuntime()
  const { clock, timers } = runtime
  const warn = (line: string) => life.log(line, 'WARNING')
  let ready: true | string = 'the way to the venue is not proved yet'
  let events = 0
  const health = await startHealthServer({
    port: config.healthPort,
    isReady: () => ready,
    state: () => ({ events }),
  })
  life.log(`probes on port ${health.port}`)
  const venue = createAsterPublic(runtime, config.restUrl)
  const { egressPatienceSeconds: patienceSeconds } = config
  const proof = proveEgress({
    readVenueTimeMs: venue.time,
    clock,
    timers,
    patienceSeconds,
    report: warn,
  })
  await Promise.race([proof, life.ending])
  if (life.isEnding()) return
  ready = true
  const { metrics, ...telemetry } = await openTelemetry({
    service: 'collector',
    otlpUrl: config.otlpUrl,
  })
  const platform = await openPlatform(warn)
  const instruments = await findInstruments(venue, config.symbols)
  const began = new Date(clock.nowUs() / 1_000).toISOString()
  const tape = openTapeParts({
    header: {
      version: 1,
      source: `recorded from ${config.streamUrl}`,
      instruments,
      attributes: { rest: config.restUrl, stream: config.streamUrl },
    },
    scratchFolder: config.scratchFolder,
    blobs: platform.blobs('tapes'),
    prefix: `collector/${began.slice(0, 10)}/${began.slice(11, 19).replaceAll(':', '')}`,
    partMinutes: config.tapePartMinutes,
    clock,
    timers,
    report: warn,
    onBytes: (count) => metrics.add('asterai.tape.bytes', count, { writer: 'collector' }),
  })
  const tell = (state: StatusMessage['state']) =>
    platform.bus.publish('status', {
      service: 'collector',
      state,
      detail: config.symbols.join(','),
      at: clock.nowUs(),
    } satisfies StatusMessage)
  const stopCollecting = startCollecting({
    runtime,
    venue,
    streamUrl: config.streamUrl,
    instruments,
    source: isVenueItself(config.restUrl) ? 'aster' : 'twin',
    bus: platform.bus,
    metrics,
    append(event) {
      try {
        tape.append(event)
        events++
      } catch (error) {
        life.end((error as Error).message)
      }
    },
    onFault: (error) => warn(`${error.code}: ${error.message}`),
  })
  life.log(`recording ${config.symbols.join(', ')}`)
  tell('running')
  await life.ending
  stopCollecting()
  tell('stopped')
  await tape.close()
  await Promise.all([tape.uploaded(), platform.bus.flush()])
  await platform.close()
  await telemetry.close()
  await health.close()
}

/** What any other host serves is made up, and its rows must not pass for the venue's. */
const isVenueItself = (restUrl: string): boolean =>
  new URL(restUrl).hostname.endsWith('.asterdex.com')
