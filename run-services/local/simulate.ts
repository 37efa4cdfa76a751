import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Values } from '#shared/cloud/command-line/command.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { simulateCommand } from './options.ts'
import { simulate } from './simulation.ts'
import { summaryText } from './summary-text.ts'

const latencyUs = 5_000

async function main(
  options: Values<typeof simulateCommand.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { equity, for: durationUs, seed, strategies, symbols } = options
  const folder = join(options.folder, `simulation-${seed}`)
  makeFolder(folder)
  // The disk keeps its own time: the simulation does not wait for it, the command does.
  let written: Promise<void> | undefined
  const startedMs = performance.now()
  const summary = await simulate({
    seed,
    durationUs,
    symbols,
    strategies,
    equityQuote: equity,
    latencyUs,
    openTape: (header) => {
      const writer = openTapeWriter(join(folder, 'tape.arrow'), header)
      return {
        append: writer.append,
        async close() {
          written = writer.close()
        },
      }
    },
    report: say,
    progress: showProgress,
  })
  await written
  const tookSeconds = (performance.now() - startedMs) / 1_000
  writeFileSync(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  say(summaryText(summary))
  const simulatedSeconds = durationUs / microsPerSecond
  say(
    `${simulatedSeconds} s simulated in ${tookSeconds.toFixed(1)} s: ${(simulatedSeconds / tookSeconds).toFixed(0)} times faster than life`,
  )
  answer({ ...summary, tookSeconds })
  return summary.accountCheck.exact ? 0 : 1
}

function showProgress(part: number): void {
  if (!process.stderr.isTTY) return
  const filled = Math.round(part * 30)
  process.stderr.write(
    `\r[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${(part * 100).toFixed(0)} %${part === 1 ? '\r\x1b[K' : ''}`,
  )
}

await runProcess(carryOut(simulateCommand, ({ options }, voice) => main(options, voice)))
