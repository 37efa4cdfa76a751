import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import type { StatusMessage } from '#shared/cloud/message.ts'
import type { Blobs, Bus } from '#shared/cloud/port.ts'
import { proveEgress } from '#shared/cloud/process/egress.ts'
import { startHealthServer } from '#shared/cloud/process/health.ts'
import type { Life } from '#shared/cloud/process/life.ts'
import { openTapeParts } from '#shared/cloud/tape/parts.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { createMarketStream } from '#shared/venue/aster/market-stream.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
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
 * Records the public market around the clock; every part of the tape goes to the bucket. Two at once do no harm: each
 * writes under the time it began.
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
  })
  const stream = createMarketStream({
    runtime,
    streamUrl: config.streamUrl,
    instruments,
    loadSnapshot: (symbol) => venue.depth(symbol),
    emit: (event: DomainEvent) => {
      try {
        tape.append(event)
        events++
      } catch (error) {
        life.end((error as Error).message)
      }
    },
    onFault: (error) => warn(`${error.code}: ${error.message}`),
  })
  const tell = (state: StatusMessage['state']) =>
    platform.bus.publish('status', {
      service: 'collector',
      state,
      detail: config.symbols.join(','),
      at: clock.nowUs(),
    } satisfies StatusMessage)
  stream.start()
  life.log(`recording ${config.symbols.join(', ')}`)
  tell('running')
  await life.ending
  stream.stop()
  tell('stopped')
  await tape.close()
  await Promise.all([tape.uploaded(), platform.bus.flush()])
  await platform.close()
  await health.close()
}
