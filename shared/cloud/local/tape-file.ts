import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { finished, pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { createContinuity } from '#shared/market/tape/continuity.ts'
import { readTape, type Tape } from '#shared/market/tape/decode.ts'
import { createTapeEncoder } from '#shared/market/tape/encode.ts'
import { type TapeHeader, textFromHeader } from '#shared/market/tape/header.ts'
import type { CaptureGrid } from '#shared/venue/aster/capture/instrument.ts'
import { openCapture } from '#shared/venue/aster/capture/open.ts'

export type TapeWriter = {
  /**
   * Copies the event. Bytes go to the file every second of receive time, or when a batch is full.
   *
   * @throws TradingError FILE_UNREADABLE when an earlier write failed or the disk cannot keep up
   */
  append(event: DomainEvent): void
  /** Resolves when what was written has left the memory: for writers that are faster than the disk. */
  drained(): Promise<void>
  /** Writes the rest and the end mark. @throws TradingError FILE_UNREADABLE */
  close(): Promise<void>
}

/** What a crash can lose at most, in receive time. */
const flushEveryUs = microsPerSecond
/** Bytes waiting for the disk; beyond this something is broken. */
const waitingBytesMax = 256 * 1024 * 1024

/**
 * Opens a new tape file; an existing one is replaced.
 *
 * @param onBytes - hears how many bytes each write has, for measuring
 */
export function openTapeWriter(
  path: string,
  header: TapeHeader,
  onBytes?: (count: number) => void,
): TapeWriter {
  const encoder = createTapeEncoder(header)
  const file = createWriteStream(path)
  let fault: unknown
  file.on('error', (error) => {
    fault = error
  })
  let flushedUs: number | undefined

  const unwritable = (cause: unknown): TradingError =>
    new TradingError(
      'FILE_UNREADABLE',
      `cannot write ${path}: ${(cause as Error).message}`,
      { path },
      cause,
    )

  const write = (bytes: Uint8Array): void => {
    if (fault) throw unwritable(fault)
    if (bytes.length > 0) {
      file.write(bytes)
      onBytes?.(bytes.length)
    }
    if (file.writableLength > waitingBytesMax)
      throw unwritable(new Error(`the disk is ${waitingBytesMax} bytes behind`))
  }

  return {
    append(event) {
      encoder.append(event)
      flushedUs ??= event.receiveTimeUs
      const isFull = encoder.pendingCount === 0
      if (isFull || event.receiveTimeUs - flushedUs >= flushEveryUs) {
        write(encoder.takeBytes())
        flushedUs = event.receiveTimeUs
      }
    },
    async drained() {
      if (fault) throw unwritable(fault)
      if (!file.writableNeedDrain) return
      await new Promise<void>((resolve) => {
        const done = () => {
          file.off('drain', done)
          file.off('close', done)
          resolve()
        }
        file.on('drain', done)
        file.on('close', done)
      })
      if (fault) throw unwritable(fault)
    },
    async close() {
      write(encoder.finish())
      await new Promise<void>((resolve, reject) => {
        finished(file, (error) => (error ? reject(unwritable(error)) : resolve()))
        file.end()
      })
    },
  }
}

export type OpenTapeOptions = {
  /** Steps of the market, for raw captures of symbols that are not known. */
  readonly grid?: CaptureGrid
  /** Called with the bytes of each chunk read from disk. */
  readonly onProgress?: (bytes: number) => void
}

/**
 * Opens tapes or raw captures as one stream of events. What a file is shows in its content: Arrow, or lines of a
 * capture, either of them gzipped or not. Several files follow one another and must continue without a gap.
 *
 * @throws TradingError FILE_UNREADABLE, TAPE_MALFORMED, TAPE_GAP, TAPE_UNSORTED, TAPE_CROSSED; those past the
 * header are thrown while reading
 */
export async function openTape(
  paths: readonly string[],
  options: OpenTapeOptions = {},
): Promise<Tape> {
  if (paths.length === 0) throw new TradingError('OPTION_INVALID', 'no tape given')
  const files = await Promise.all(paths.map((path) => inspect(path, options.onProgress)))
  const isCapture = files.every(({ format }) => format === 'capture')
  if (!isCapture && files.some(({ format }) => format === 'capture'))
    throw new TradingError(
      'TAPE_MALFORMED',
      'tapes and raw captures cannot be joined; import the captures first with: npm run tape -- import',
    )
  if (!isCapture) return joinTapes(files)
  const { header, batches } = await openCapture(files, options.grid)
  return { header, batches, events: flattened(batches), endedEarly: () => undefined }
}

type Inspected = {
  readonly name: string
  readonly format: 'tape' | 'capture'
  readonly chunks: AsyncIterable<Uint8Array>
}

async function inspect(path: string, onProgress?: (bytes: number) => void): Promise<Inspected> {
  const unreadable = (cause: unknown): TradingError =>
    new TradingError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message}`,
      { path },
      cause,
    )
  const start = await readStart(path).catch((cause) => {
    throw unreadable(cause)
  })
  const isZipped = start[0] === 0x1f && start[1] === 0x8b
  const chunks = (async function* () {
    const source = createReadStream(path, { highWaterMark: 256 * 1024 })
    if (onProgress) source.on('data', (chunk) => onProgress(chunk.length))
    const plain: Readable = isZipped ? pipeline(source, createGunzip(), () => undefined) : source
    try {
      for await (const chunk of plain) yield chunk as Uint8Array
    } catch (cause) {
      throw isZipped
        ? new TradingError(
            'TAPE_MALFORMED',
            `${path} is not a whole gzip file: ${(cause as Error).message}`,
            { path },
            cause,
          )
        : unreadable(cause)
    }
  })()
  const first = await chunks.next()
  const head = first.done ? new Uint8Array(0) : first.value
  return {
    name: path,
    format: formatOf(head, path),
    chunks: (async function* () {
      yield head
      yield* chunks
    })(),
  }
}

async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(new Uint8Array(2), 0, 2, 0)
    return buffer
  } finally {
    await file.close()
  }
}

function formatOf(head: Uint8Array, path: string): 'tape' | 'capture' {
  const first = head[0]
  if (first === 0xff && head[1] === 0xff && head[2] === 0xff && head[3] === 0xff) return 'tape'
  const isLine = first !== undefined && ((first >= 48 && first <= 57) || first === 123)
  if (isLine) return 'capture'
  throw new TradingError(
    'TAPE_MALFORMED',
    `${path} is neither a tape (Arrow stream) nor a raw capture (local time, space, JSON per line)`,
  )
}

async function joinTapes(files: readonly Inspected[]): Promise<Tape> {
  const tapes: Tape[] = []
  for (const { name, chunks } of files) tapes.push(await named(name, () => readTape(chunks)))
  const [first] = tapes as [Tape, ...Tape[]]
  const instruments = instrumentsText(first.header)
  const other = tapes.findIndex(({ header }) => instrumentsText(header) !== instruments)
  if (other > 0)
    throw new TradingError(
      'TAPE_MALFORMED',
      `${files[other]?.name} has other instruments than ${files[0]?.name}; replay them one by one`,
    )
  const batches = (async function* () {
    const continuity = createContinuity(files[0]?.name as string)
    for (const [index, tape] of tapes.entries()) {
      const name = files[index]?.name as string
      continuity.enter(name)
      const iterator = tape.batches[Symbol.asyncIterator]()
      for (;;) {
        const next = await named(name, () => iterator.next())
        if (next.done) break
        for (const event of next.value) continuity.check(event)
        yield next.value
      }
    }
  })()
  const cut = () => tapes.findIndex((tape) => tape.endedEarly() !== undefined)
  return {
    header: first.header,
    batches,
    events: flattened(batches),
    endedEarly: () =>
      cut() < 0 ? undefined : `${files[cut()]?.name}: ${tapes[cut()]?.endedEarly()}`,
  }
}

const instrumentsText = ({ instruments }: TapeHeader): string =>
  textFromHeader({ version: 1, source: '', instruments, attributes: {} })

/** Faults of a tape do not know their file. */
async function named<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof TradingError && error.code === 'TAPE_MALFORMED')
      throw new TradingError(error.code, `${name}: ${error.message}`, error.details, error)
    throw error
  }
}

async function* flattened(
  batches: AsyncIterable<readonly DomainEvent[]>,
): AsyncGenerator<DomainEvent> {
  for await (const batch of batches) yield* batch
}
