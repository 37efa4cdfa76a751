import { mkdirSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'
import { openTapeWriter } from '../local/tape-file.ts'
import type { Blobs } from '../port.ts'

export type TapePartsOptions = {
  readonly header: TapeHeader
  /** Folder for the part that grows; nothing stays in it. */
  readonly scratchFolder: string
  readonly blobs: Pick<Blobs, 'put'>
  /** Parts are named `<prefix>/0001.arrow` and on; together, in this order, they are one tape. */
  readonly prefix: string
  readonly partMinutes: number
  readonly clock: Clock
  readonly timers: Timers
  readonly report: (line: string) => void
  /** Hears how many bytes each write has, for measuring. */
  readonly onBytes?: (count: number) => void
}

export type TapeParts = {
  /** @throws TradingError FILE_UNREADABLE when the disk fails, or parts pile up that the platform does not take */
  append(event: DomainEvent): void
  /** Closes the part that grows; no event comes after. Does not wait for the platform. */
  close(): Promise<void>
  /**
   * Resolves once every part is with the platform.
   *
   * @throws TradingError PLATFORM_UNREACHABLE naming how many are not
   */
  uploaded(): Promise<void>
}

/** Parts that wait for the platform; the folder may be memory, so there is an end to patience. */
const waitingPartsMax = 12
const retryUs = 5 * microsPerSecond

/**
 * A tape that leaves the machine while it grows: a file for some minutes, then a blob. What a crash can lose is the
 * part that grows.
 */
export function openTapeParts(options: TapePartsOptions): TapeParts {
  const { header, scratchFolder, blobs, prefix, partMinutes, clock, timers, report, onBytes } =
    options
  const folder = join(scratchFolder, prefix.replaceAll('/', '-'))
  mkdirSync(folder, { recursive: true })
  const waiting: { readonly name: string; readonly closed: Promise<void> }[] = []
  let uploading: Promise<void> | undefined
  let isClosed = false
  let cancelRetry = () => {}
  let count = 0
  let part = openPart()

  function openPart() {
    count++
    const name = `${String(count).padStart(4, '0')}.arrow`
    return {
      name,
      writer: openTapeWriter(join(folder, name), header, onBytes),
      startUs: clock.nowUs(),
    }
  }

  const closePart = () => {
    const closed = part.writer.close()
    // Whoever uploads it hears of it.
    closed.catch(() => {})
    waiting.push({ name: part.name, closed })
  }

  const uploadAll = async () => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      await next.closed
      const path = join(folder, next.name)
      await blobs.put(`${prefix}/${next.name}`, await readFile(path))
      await rm(path, { force: true })
      waiting.shift()
    }
  }
  const upload = (): Promise<void> => {
    cancelRetry()
    uploading ??= uploadAll().finally(() => {
      uploading = undefined
    })
    return uploading
  }
  const uploadInBackground = () => {
    upload().catch((error: Error) => {
      report(`${waiting.length} parts of the tape wait: ${error.message}`)
      if (!isClosed) cancelRetry = timers.after(retryUs, uploadInBackground)
    })
  }

  return {
    append(event) {
      if (clock.nowUs() - part.startUs >= partMinutes * microsPerMinute) {
        closePart()
        if (waiting.length > waitingPartsMax)
          throw new TradingError(
            'FILE_UNREADABLE',
            `${waiting.length} parts of the tape could not be stored; check the bucket of tapes and the right to write to it`,
          )
        part = openPart()
        uploadInBackground()
      }
      part.writer.append(event)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      cancelRetry()
      closePart()
      await waiting.at(-1)?.closed
    },
    async uploaded() {
      try {
        await upload()
      } catch (cause) {
        throw new TradingError(
          'PLATFORM_UNREACHABLE',
          `${waiting.length} parts of the tape are lost with this machine: ${(cause as Error).message}`,
          {},
          cause,
        )
      }
    },
  }
}
