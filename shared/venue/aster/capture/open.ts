import { TradingError } from '#shared/kernel/error.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'
import { createCaptureImport } from './import.ts'
import type { CaptureGrid } from './instrument.ts'
import { createLineSplitter } from './lines.ts'

/** A raw capture, already unzipped. */
export type CaptureFile = { readonly name: string; readonly chunks: AsyncIterable<Uint8Array> }

/**
 * Opens raw websocket captures of one market as one stream of events; files follow one another without a gap.
 *
 * Memory holds one chunk, plus the diffs before the first snapshot.
 *
 * @returns as soon as the market is known; faults further on are thrown while reading
 * @throws TradingError as {@link createCaptureImport}
 */
export async function openCapture(
  files: readonly CaptureFile[],
  grid?: CaptureGrid,
): Promise<{ header: TapeHeader; batches: AsyncIterable<readonly MarketEvent[]> }> {
  const importer = createCaptureImport(grid)
  const batches = readFiles(files, importer)
  const first = await batches.next()
  const { instrument } = importer
  if (!instrument) throw new TradingError('TAPE_MALFORMED', 'no capture given')
  const header: TapeHeader = {
    version: 1,
    source: `raw capture: ${files.map(({ name }) => name).join(', ')}`,
    instruments: [instrument],
    attributes: {},
  }
  return {
    header,
    batches: (async function* () {
      if (!first.done) yield first.value
      yield* batches
    })(),
  }
}

/** A batch per chunk, the first one when the instrument is known. */
async function* readFiles(
  files: readonly CaptureFile[],
  importer: ReturnType<typeof createCaptureImport>,
): AsyncGenerator<readonly MarketEvent[]> {
  for (const { name, chunks } of files) {
    importer.openFile(name)
    const splitter = createLineSplitter(importer.line)
    for await (const chunk of chunks) {
      splitter.chunk(chunk)
      if (importer.instrument) yield importer.takeEvents()
    }
    splitter.end()
  }
  importer.end()
  yield importer.takeEvents()
}
