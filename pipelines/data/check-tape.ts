import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { TickFacts } from './check-ticks.ts'
import type { ProblemLog } from './problem.ts'
import { syntheticKey } from './synthetic.ts'

/** Reads a tape or raw capture to its end; what does not continue becomes an error with its place. */
export async function checkTape(
  path: string,
  log: ProblemLog,
  { nowUs, grid }: { readonly nowUs: number; readonly grid?: { tick: string; lot: string } },
): Promise<TickFacts & { readonly isSynthetic: boolean }> {
  const tape = await openTape([path], grid ? { grid } : {})
  const isSynthetic = tape.header.attributes[syntheticKey] === 'true'
  let rows = 0
  let firstUs = 0
  let lastUs = 0
  let latencyMin = Number.POSITIVE_INFINITY
  let latencyMax = Number.NEGATIVE_INFINITY
  let behind = 0
  try {
    for await (const batch of tape.batches)
      for (const { eventTimeUs, receiveTimeUs } of batch) {
        rows++
        if (rows === 1) firstUs = receiveTimeUs
        if (receiveTimeUs < lastUs)
          log.add(
            path,
            rows,
            'unsorted',
            `received ${lastUs - receiveTimeUs} µs before the event above it`,
          )
        if (receiveTimeUs > nowUs) log.add(path, rows, 'future', 'received in the future')
        const latency = receiveTimeUs - eventTimeUs
        if (latency < 0) behind++
        latencyMin = Math.min(latencyMin, latency)
        latencyMax = Math.max(latencyMax, latency)
        lastUs = receiveTimeUs
      }
  } catch (error) {
    if (!(error instanceof TradingError) || error.remedy !== 'reject-input') throw error
    log.add(path, undefined, 'tape', error.message)
  }
  const cut = tape.endedEarly()
  if (cut !== undefined) log.add(path, undefined, 'gap', `the tape ended early: ${cut}`)
  if (behind > 0)
    log.add(
      path,
      undefined,
      'clock-order',
      `${behind} of ${rows} events were received before they happened: the local clock was behind`,
    )
  return {
    symbol: tape.header.instruments.map(({ symbol }) => symbol).join(' '),
    rows,
    firstUs,
    lastUs,
    feedLatencyUsMin: latencyMin,
    feedLatencyUsMax: latencyMax,
    isSynthetic,
  }
}
