import { rename, rm, stat } from 'node:fs/promises'
import { openTape, openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { readArguments, runCommand } from './arguments.ts'
import { summarise } from './summary.ts'

const help = `Recorded market data.

  npm run tape -- import FILE... [--out T.arrow] [--tick T --lot L]
      Raw websocket captures (gzipped or not) into one tape. Files of one market, in order of time.
  npm run tape -- show T.arrow...
      What a tape holds: events by kind, span, instruments, breaks.

  --out    tape to write; default: name of the first file with .arrow, in this folder
  --tick   price step of the market, when its symbol is not known, e.g. 0.01
  --lot    size step of the market, e.g. 0.001

Examples
  npm run tape -- import day1.gz day2.gz --out btc.arrow
  npm run tape -- show btc.arrow

A tape is an Arrow IPC stream: pyarrow.ipc.open_stream(path).read_all() reads it as a table.`

const options = {
  out: { type: 'string' },
  tick: { type: 'string' },
  lot: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
const verbs = ['import', 'show']

function readTapeArguments(argv: readonly string[]) {
  const given = readArguments(argv, options)
  const tick = given.text('tick')
  const lot = given.text('lot')
  if ((tick === undefined) !== (lot === undefined))
    throw new TradingError('OPTION_INVALID', '--tick and --lot go together; add the other one')
  const [verb, ...files] = given.positionals
  const grid = tick && lot ? { tick, lot } : undefined
  return { verb, files, out: given.text('out'), grid, wantsHelp: given.has('help') }
}

/** @returns exit code */
async function main(argv: readonly string[]): Promise<number> {
  const { verb, files, out, grid, wantsHelp } = readTapeArguments(argv)
  if (wantsHelp || verb === undefined) {
    console.log(help)
    return wantsHelp ? 0 : 2
  }
  if (!verbs.includes(verb)) {
    const closest = suggest(verb, verbs)
    throw new TradingError(
      'OPTION_INVALID',
      `unknown command '${verb}'; ${closest ? `did you mean ${closest}?` : `one of ${verbs.join(', ')}`}`,
    )
  }
  if (files.length === 0)
    throw new TradingError('OPTION_INVALID', `${verb} needs a file, e.g. npm run tape -- ${verb} F`)
  if (verb === 'show') await show(files)
  else await importCaptures(files, out ?? defaultName(files[0] as string), grid)
  return 0
}

const defaultName = (path: string): string =>
  `${(path.split('/').pop() as string).replace(/(\.(dat|txt|json|jsonl|log))?(\.gz)?$/, '')}.arrow`

async function show(files: readonly string[]): Promise<void> {
  const tape = await openTape(files)
  console.log(await summarise(tape))
}

async function importCaptures(
  files: readonly string[],
  out: string,
  grid: { tick: string; lot: string } | undefined,
): Promise<void> {
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

await runCommand('tape', () => main(process.argv.slice(2)))
