import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TradingError } from '#shared/kernel/error.ts'

/** A batch of rows of a text table; all rows have as many cells as the header. */
export type CsvBatch = {
  /** Line number of the first row; the header is line 1. */
  readonly firstRow: number
  readonly rows: readonly (readonly string[])[]
}

export type Csv = {
  readonly columns: readonly string[]
  readonly batches: AsyncIterable<CsvBatch>
}

const rowsPerBatch = 8_192

/**
 * Opens a comma-separated file with a header, gzipped or not (found by its first bytes). Memory holds one batch.
 *
 * @throws TradingError FILE_UNREADABLE; ROW_INVALID naming file and row, also while reading
 */
export async function openCsv(path: string): Promise<Csv> {
  const batches = readBatches(path)
  const first = await batches.next()
  if (first.done) throw new TradingError('ROW_INVALID', `${path}, row 1: the file is empty`)
  const columns = (first.value.rows[0] ?? []).map((name) => name.trim())
  return {
    columns,
    batches: (async function* () {
      for await (const batch of batches) {
        for (const [index, row] of batch.rows.entries())
          if (row.length !== columns.length)
            throw new TradingError(
              'ROW_INVALID',
              `${path}, row ${batch.firstRow + index}: ${row.length} cells under ${columns.length} columns; is the file cut off?`,
            )
        yield batch
      }
    })(),
  }
}

/** The header comes as a batch of its own. */
async function* readBatches(path: string): AsyncGenerator<CsvBatch> {
  let line = 0
  let rows: string[][] = []
  for await (const text of readLines(path)) {
    line++
    if (text === '') {
      if (rows.length > 0) yield { firstRow: line - rows.length, rows }
      rows = []
      continue
    }
    if (text.includes('"'))
      throw new TradingError('ROW_INVALID', `${path}, row ${line}: quoted cells are not read`)
    rows.push(text.split(','))
    if (line === 1 || rows.length === rowsPerBatch) {
      yield { firstRow: line - rows.length + 1, rows }
      rows = []
    }
  }
  if (rows.length > 0) yield { firstRow: line - rows.length + 1, rows }
}

/** Lines without their ends, of a plain or gzipped file. @throws TradingError FILE_UNREADABLE */
export async function* readLines(path: string): AsyncGenerator<string> {
  const unreadable = (cause: unknown): TradingError =>
    new TradingError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message}`,
      { path },
      cause,
    )
  let isZipped: boolean
  try {
    isZipped = await startsAsGzip(path)
  } catch (cause) {
    throw unreadable(cause)
  }
  const source = createReadStream(path, { highWaterMark: 256 * 1024 })
  const plain: Readable = isZipped ? pipeline(source, createGunzip(), () => undefined) : source
  plain.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of plain) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() as string
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
    }
  } catch (cause) {
    throw cause instanceof TradingError ? cause : unreadable(cause)
  }
  if (rest !== '') yield rest
}

async function startsAsGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(new Uint8Array(2), 0, 2, 0)
    return buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}
