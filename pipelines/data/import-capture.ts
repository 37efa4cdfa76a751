import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { openTape, openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import type { CaptureGrid } from '#shared/venue/aster/capture/instrument.ts'
import type { TapeImported } from './import-ticks.ts'

/**
 * Raw websocket captures of one market, in order of time, to one tape.
 *
 * @throws TradingError as `openTape` does, naming file and line
 */
export async function importCaptures(options: {
  readonly files: readonly string[]
  readonly out: string
  readonly grid: CaptureGrid | undefined
  readonly onRows?: (rows: number) => void
}): Promise<TapeImported> {
  const { files, out, grid } = options
  const tape = await openTape(files, grid ? { grid } : {})
  makeFolder(dirname(out), '--out')
  const unfinished = `${out}.part`
  const writer = openTapeWriter(unfinished, tape.header)
  let events = 0
  try {
    for await (const batch of tape.batches) {
      for (const event of batch) writer.append(event)
      events += batch.length
      options.onRows?.(events)
      await writer.drained()
    }
    await writer.close()
  } catch (error) {
    await writer.close().catch(() => undefined)
    await rm(unfinished, { force: true })
    throw error
  }
  await rename(unfinished, out)
  return {
    path: out,
    events,
    symbol: tape.header.instruments.map(({ symbol }) => symbol).join(' '),
    notes: [],
  }
}
