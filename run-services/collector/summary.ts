import type { DomainEvent } from '#shared/market/event.ts'
import { decimalFromTicks, type Instrument } from '#shared/market/instrument.ts'
import type { Tape } from '#shared/market/tape/decode.ts'

/** Reads a tape to its end and says what it holds, in lines for people. */
export async function summarise(tape: Tape): Promise<string> {
  const counts = new Map<string, number>()
  let first: DomainEvent | undefined
  let last: DomainEvent | undefined
  let total = 0
  let snapshots = 0
  let losses = 0
  for await (const batch of tape.batches) {
    for (const event of batch) {
      counts.set(event.kind, (counts.get(event.kind) ?? 0) + 1)
      if (event.kind === 'book-snapshot') snapshots++
      if (event.kind === 'book-lost') losses++
    }
    first ??= batch[0]
    last = batch.at(-1) ?? last
    total += batch.length
  }
  const lines = [
    `source       ${tape.header.source}`,
    ...tape.header.instruments.map((instrument) => `instrument   ${describe(instrument)}`),
    ...Object.entries(tape.header.attributes).map(([name, value]) => `${name.padEnd(12)} ${value}`),
    `events       ${total}`,
    ...[...counts].map(([kind, count]) => `  ${kind.padEnd(16)} ${count}`),
  ]
  if (first && last) lines.push(`span         ${describeSpan(first, last)}`)
  lines.push(`gaps         ${losses} (book lost); ${snapshots} snapshots`)
  const ended = tape.endedEarly()
  if (ended) lines.push(`warning      ${ended}`)
  return lines.join('\n')
}

const describe = (instrument: Instrument): string =>
  `${instrument.symbol} ${instrument.kind}, tick ${decimalFromTicks(instrument, 1)}, lot ${lotText(instrument)}`

const lotText = ({ sizeGrid }: Instrument): string =>
  (sizeGrid.step / 10 ** sizeGrid.decimals).toFixed(sizeGrid.decimals)

function describeSpan(first: DomainEvent, last: DomainEvent): string {
  const seconds = (last.receiveTimeUs - first.receiveTimeUs) / 1_000_000
  return `${timeText(first.receiveTimeUs)} to ${timeText(last.receiveTimeUs)} UTC (${seconds.toFixed(1)} s)`
}

const timeText = (timeUs: number): string =>
  new Date(timeUs / 1_000).toISOString().replace('T', ' ').slice(0, 23)
