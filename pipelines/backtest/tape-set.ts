import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { BacktestSource } from '#shared/analytics/result.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { DomainEvent, MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Tape } from '#shared/market/tape/decode.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'

/** Files that follow one another and hold the same markets. */
export type TapeGroup = {
  readonly paths: readonly string[]
  readonly header: TapeHeader
}

/** Consecutive events of one group: `batch[from]` to `batch[to − 1]`. */
export type Stretch = {
  readonly group: number
  readonly batch: readonly DomainEvent[]
  readonly from: number
  readonly to: number
  /** Number of `batch[from]` in its group, from 1. */
  readonly firstRow: number
}

/**
 * Finds out what each file holds, and which of them belong together: files with the same markets are read one after
 * the other, files with different markets at the same time.
 *
 * @throws TradingError FILE_UNREADABLE, TAPE_*, OPTION_INVALID
 */
export async function groupTapes(paths: readonly string[]): Promise<readonly TapeGroup[]> {
  const groups: { paths: string[]; header: TapeHeader }[] = []
  for (const path of paths) {
    const { header } = await peekHeader(path)
    const key = symbolsOf(header)
    const known = groups.find((group) => symbolsOf(group.header) === key)
    if (known) known.paths.push(path)
    else groups.push({ paths: [path], header })
  }
  const seen = new Map<string, string>()
  for (const { header, paths: files } of groups)
    for (const { symbol } of header.instruments) {
      const other = seen.get(symbol)
      if (other !== undefined)
        throw new TradingError(
          'OPTION_INVALID',
          `${symbol} is in ${other} and in ${files[0]}, which hold different markets; give it once`,
        )
      seen.set(symbol, files[0] as string)
    }
  return groups
}

const symbolsOf = ({ instruments }: TapeHeader): string =>
  instruments.map(({ symbol }) => symbol).join(' ')

async function peekHeader(path: string): Promise<{ header: TapeHeader }> {
  const { batches, header } = await openTape([path])
  // Closes the file.
  await batches[Symbol.asyncIterator]().return?.()
  return { header }
}

/** Where an event stands, for errors. */
export const placeOf = ({ paths }: TapeGroup, row: number): string =>
  `${paths.join(' + ')}, event ${row}`

/** Faults of the replay do not know their file. */
export function located(error: unknown, group: TapeGroup, row: number): unknown {
  if (!(error instanceof TradingError) || error.code === 'EQUITY_TOO_SMALL') return error
  const message = `${placeOf(group, row)}: ${error.message}`
  return new TradingError(error.code, message, error.details, error)
}

/**
 * Reads all groups as one sequence, ordered by the venue's clock; at equal times the group that was named first.
 * Memory holds one batch per group.
 *
 * @param onBytes - called with the bytes of each chunk read from disk
 * @throws TradingError as {@link openTape}
 */
export async function* mergeTapes(
  groups: readonly TapeGroup[],
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Stretch> {
  const readers = await Promise.all(
    groups.map(async ({ paths }, group) =>
      createReader(group, await openTape(paths, { onProgress: onBytes })),
    ),
  )
  await Promise.all(readers.map((reader) => reader.fill()))
  for (;;) {
    const open = readers.filter(({ batch }) => batch.length > 0)
    if (open.length === 0) return
    const next = open.reduce((least, each) => (each.headUs() < least.headUs() ? each : least))
    const others = open.filter((each) => each !== next)
    const limitUs = Math.min(...others.map((each) => each.headUs()), Number.POSITIVE_INFINITY)
    yield next.take(limitUs)
    await next.fill()
  }
}

/** @param group - its place in the list */
function createReader(group: number, tape: Tape) {
  const batches = tape.batches[Symbol.asyncIterator]()
  let at = 0
  let row = 1
  let clockUs = 0
  const reader = {
    batch: [] as readonly DomainEvent[],
    headUs: (): number => Math.max(clockUs, reader.batch[at]!.eventTimeUs),
    /** Everything up to and with `limitUs`, at least one event. */
    take(limitUs: number): Stretch {
      const { batch } = reader
      const from = at
      do clockUs = Math.max(clockUs, batch[at++]!.eventTimeUs)
      while (at < batch.length && batch[at]!.eventTimeUs <= limitUs)
      const firstRow = row
      row += at - from
      return { group, batch, from, to: at, firstRow }
    },
    async fill(): Promise<void> {
      while (at >= reader.batch.length) {
        const next = await batches.next()
        at = 0
        reader.batch = next.done ? [] : next.value
        if (next.done) return
      }
    },
  }
  return reader
}

export const isMarketEvent = (event: DomainEvent): event is MarketEvent =>
  event.kind === 'book-delta' ||
  event.kind === 'trade' ||
  event.kind === 'book-snapshot' ||
  event.kind === 'mark-price' ||
  event.kind === 'book-lost' ||
  event.kind === 'candle'

/**
 * Whether a tape can not be shown to hold a real market: it says so itself, or it was written by a trader, whose
 * market may have been the twin's invention.
 */
export const isSyntheticTape = ({ attributes, source }: TapeHeader): boolean =>
  // Whoever does not say that its market is real is not believed.
  attributes.synthetic === undefined
    ? /^(synthetic|generated|executor)/.test(source)
    : attributes.synthetic === 'true'

/** Path, fingerprint and origin of each group; of several files the fingerprint is that of all of them in a row. */
export async function describeSources(
  groups: readonly TapeGroup[],
  rows: readonly number[],
): Promise<readonly BacktestSource[]> {
  const sources: BacktestSource[] = []
  for (const [index, { header, paths }] of groups.entries())
    sources.push({
      path: paths.join(' + '),
      sha256: await fingerprint(paths),
      rows: rows[index] ?? 0,
      isSynthetic: isSyntheticTape(header),
    })
  return sources
}

async function fingerprint(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

/** The chosen markets under new ids, and where each group's ids go. */
export type Selection = {
  readonly instruments: readonly Instrument[]
  /** Group → instrument id of its tape → our id; undefined is passed over. */
  readonly idsByGroup: readonly (readonly (number | undefined)[])[]
}
