import { rename, rm, stat } from 'node:fs/promises'
import { gridOf } from '#shared/cloud/command-line/market-option.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import { openTape, openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { tapeCommand } from './options.ts'
import { summarise } from './summary.ts'

const defaultName = (path: string): string =>
  `${(path.split('/').pop() as string).replace(/(\.(dat|txt|json|jsonl|log))?(\.gz)?$/, '')}.arrow`

async function show(files: readonly string[]): Promise<number> {
  console.log(await summarise(await openTape(files)))
  return 0
}

async function importCaptures(
  files: readonly string[],
  out: string,
  grid: { tick: string; lot: string } | undefined,
): Promise<number> {
  const progress = await createProgress(files)
  const tape = await openTape(files, { onProgress: progress.read, ...(grid && { grid }) })
  // A refused import leaves nothing that could be taken for a tape.
  const unfinished = `${out}.part`
  const writer = openTapeWriter(unfinished, tape.header)
  let count = 0
  try {
    for await (const batch of tape.batches) {
      for (const event of batch) writer.append(event)
      count += batch.length
      progress.show(count)
      await writer.drained()
    }
    await writer.close()
  } catch (error) {
    await writer.close().catch(() => undefined)
    await rm(unfinished, { force: true })
    throw error
  } finally {
    progress.end()
  }
  await rename(unfinished, out)
  console.log(await summarise(await openTape([out])))
  console.log(`written to ${out}`)
  return 0
}

/** A line on stderr that follows a long import. Times are of this terminal, not of the market. */
async function createProgress(files: readonly string[]) {
  const sizes = await Promise.all(files.map((file) => stat(file).catch(() => ({ size: 0 }))))
  const total = sizes.reduce((sum, { size }) => sum + size, 0)
  const isTerminal = process.stderr.isTTY === true
  let read = 0
  let shownAt = performance.now()
  let isShown = false
  return {
    read: (bytes: number): void => {
      read += bytes
    },
    show: (count: number): void => {
      if (performance.now() - shownAt < (isTerminal ? 200 : 5_000)) return
      shownAt = performance.now()
      isShown = true
      const percent = Math.round((100 * read) / Math.max(1, total))
      process.stderr.write(
        `${isTerminal ? '\r' : ''}importing: ${percent} %, ${count} events${isTerminal ? '' : '\n'}`,
      )
    },
    end: (): void => {
      if (isShown && isTerminal) process.stderr.write('\n')
    },
  }
}

const { verbs } = tapeCommand
await runProcess(
  carryOut(tapeCommand, undefined, {
    import: carryOut(verbs.import, ({ options, words }) =>
      importCaptures(words, options.out ?? defaultName(words[0] as string), gridOf(options)),
    ),
    show: carryOut(verbs.show, ({ words }) => show(words)),
  }),
)
