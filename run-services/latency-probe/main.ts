import { readFile } from 'node:fs/promises'
import type { Given } from '#shared/cloud/command-line/command.ts'
import { invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { compareRegions, latencyReportFrom } from './compare.ts'
import { latencyLogLines } from './log.ts'
import { measureLatency } from './measure.ts'
import { probeCommand } from './options.ts'
import { storeReport } from './store.ts'
import { comparisonText, latencyTable } from './text.ts'

async function main(
  { options, words }: Given<ReturnType<typeof probeCommand>['options']>,
  { answer, say }: Voice,
): Promise<number> {
  if (options.compare) {
    const reports = await Promise.all(
      words.map(async (file) => latencyReportFrom(await read(file), file)),
    )
    const comparison = compareRegions(reports)
    say(comparisonText(comparison))
    answer(comparison)
    return 0
  }
  if (words.length > 0) throw invalidOption(`'${words[0]}' goes with --compare; see --help`)
  const report = await measureLatency({
    region: options.region,
    symbol: options.symbol.toUpperCase(),
    seconds: options.seconds,
    restUrl: options.rest,
    streamUrl: options.stream,
    report: (line) => console.error(`probe: ${line}`),
  })
  await storeReport(report, { file: options.out, toBucket: options.store })
  if (options.store) for (const line of latencyLogLines(report)) console.error(line)
  say(latencyTable([report]))
  answer(report)
  return 0
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new TradingError(
      'FILE_UNREADABLE',
      `cannot read ${file}: ${(cause as Error).message}`,
      {},
      cause,
    )
  }
}

await runProcess(carryOut(probeCommand(process.env), main))
