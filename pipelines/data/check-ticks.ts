import type { ProblemLog } from './problem.ts'
import type { TickRow } from './tick-row.ts'
import { timeText } from './time-text.ts'

export type TickFacts = {
  readonly symbol: string
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  /** Smallest and largest receive time minus event time; negative when the clocks disagree. */
  readonly feedLatencyUsMin: number
  readonly feedLatencyUsMax: number
}

/** A pause in ticks that deserves a line. */
const pauseUs = 60_000_000

/** Checks trades, quotes and book rows of one file. */
export async function checkTicks(
  file: string,
  rows: AsyncIterable<TickRow>,
  log: ProblemLog,
  { nowUs }: { readonly nowUs: number },
): Promise<TickFacts | undefined> {
  let first: TickRow | undefined
  let last: TickRow | undefined
  let tradeId: bigint | undefined
  let count = 0
  let latencyMin = Number.POSITIVE_INFINITY
  let latencyMax = Number.NEGATIVE_INFINITY
  for await (const row of rows) {
    count++
    first ??= row
    if (row.symbol !== first.symbol)
      log.add(file, row.row, 'mixed-symbols', `${row.symbol} in a file of ${first.symbol}`)
    if (Math.max(row.eventTimeUs, row.receiveTimeUs) > nowUs)
      log.add(file, row.row, 'future', `${timeText(row.eventTimeUs)} is in the future`)
    const latency = row.receiveTimeUs - row.eventTimeUs
    latencyMin = Math.min(latencyMin, latency)
    latencyMax = Math.max(latencyMax, latency)
    if (latency < 0)
      log.add(
        file,
        row.row,
        'clock-order',
        `received ${-latency} µs before it happened: the clocks disagree`,
      )
    if (last) checkStep(file, last, row, log)
    if (row.kind === 'trade') tradeId = checkTradeId(file, row, tradeId, log)
    if (row.kind === 'book') checkCrossed(file, row, log)
    last = row
  }
  if (!first || !last) {
    log.add(file, undefined, 'columns', 'no row in the file')
    return undefined
  }
  return {
    symbol: first.symbol,
    rows: count,
    firstUs: first.receiveTimeUs,
    lastUs: last.receiveTimeUs,
    feedLatencyUsMin: latencyMin,
    feedLatencyUsMax: latencyMax,
  }
}

function checkStep(file: string, before: TickRow, row: TickRow, log: ProblemLog): void {
  const step = row.receiveTimeUs - before.receiveTimeUs
  if (step < 0) log.add(file, row.row, 'unsorted', `received ${-step} µs before the row above it`)
  else if (row.eventTimeUs < before.eventTimeUs)
    log.add(
      file,
      row.row,
      'clock-order',
      `happened ${before.eventTimeUs - row.eventTimeUs} µs before the row above it`,
    )
  if (step > pauseUs)
    log.add(
      file,
      row.row,
      'gap',
      `${(step / 1e6).toFixed(0)} s without a row after ${timeText(before.receiveTimeUs)}`,
    )
}

function checkTradeId(
  file: string,
  { row, id }: Extract<TickRow, { kind: 'trade' }>,
  before: bigint | undefined,
  log: ProblemLog,
): bigint | undefined {
  if (!/^\d+$/.test(id)) return before
  const own = BigInt(id)
  if (before !== undefined) {
    if (own === before) log.add(file, row, 'duplicate', `trade ${id} is there twice`)
    else if (own < before) log.add(file, row, 'unsorted', `trade ${id} after trade ${before}`)
    else if (own !== before + 1n)
      log.add(file, row, 'broken-id', `trades ${before + 1n} to ${own - 1n} are missing`)
  }
  return own
}

function checkCrossed(
  file: string,
  { row, bids, asks }: Extract<TickRow, { kind: 'book' }>,
  log: ProblemLog,
): void {
  const [bid, ask] = [bids[0]?.[0], asks[0]?.[0]]
  if (bid !== undefined && ask !== undefined && Number(bid) >= Number(ask))
    log.add(file, row, 'crossed', `best bid ${bid} reaches best ask ${ask}`)
}
