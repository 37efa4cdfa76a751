import type { Values } from '#shared/cloud/command-line/command.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { recordCommand } from './options.ts'
import { record } from './record.ts'
import { summarise } from './summary.ts'

async function main(given: Values<typeof recordCommand.options>): Promise<number> {
  const { symbols, out = `${symbols.join('-').toLowerCase()}.arrow` } = given
  const runtime = createLocalRuntime()
  try {
    await record({
      runtime,
      restUrl: given.rest,
      streamUrl: given.stream,
      symbols,
      out,
      durationUs: given.for,
      stopped: interrupted(),
      say: (line) => console.error(`record: ${line}`),
    })
  } finally {
    runtime.close()
  }
  console.log(await summarise(await openTape([out])))
  console.log(`written to ${out}`)
  return 0
}

/** Ctrl-C, a stop from outside and a terminal that was closed end the recording in good order. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve())
  })

await runProcess(carryOut(recordCommand, ({ options }) => main(options)))
