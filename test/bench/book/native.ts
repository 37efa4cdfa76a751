import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Feed } from './feed.ts'

const build = new URL('../build/', import.meta.url).pathname
const source = new URL('./book.c', import.meta.url).pathname

export type NativeBook = {
  run(passes: number): Promise<{ readonly seconds: number; readonly checksum: number }>
  close(): void
}

/**
 * Compiles and starts the C book, which stays warm between runs.
 *
 * @returns undefined where there is no gcc
 */
export function startNativeBook(feed: Feed): NativeBook | undefined {
  mkdirSync(build, { recursive: true })
  try {
    execFileSync('gcc', ['-O3', '-march=native', '-o', `${build}book`, source])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  writeFileSync(`${build}book.bin`, packed(feed))
  const child = spawn(`${build}book`, [`${build}book.bin`])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async run(passes) {
      child.stdin.write(`${passes}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`the C book ended with code ${child.exitCode}`)
      const [nanoseconds, checksum] = (value as string).split(' ').map(Number)
      return { seconds: (nanoseconds as number) / 1e9, checksum: checksum as number }
    },
    close: () => end(child),
  }
}

const end = (child: ChildProcessWithoutNullStreams): void => {
  child.stdin.end()
}

function packed({ snapshot, deltas, closing }: Feed): Buffer {
  const parts = [snapshot, ...deltas, closing].flatMap((event) => {
    const isDelta = event.kind === 'book-delta'
    const head = Float64Array.of(
      isDelta ? event.sequencePrevious : 0,
      event.sequence,
      event.eventTimeUs,
      event.receiveTimeUs,
    )
    const counts = Int32Array.of(event.bidCount, event.askCount)
    const levels = event.levels.subarray(0, 2 * (event.bidCount + event.askCount))
    return [head, counts, levels]
  })
  return Buffer.concat(
    parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
  )
}
