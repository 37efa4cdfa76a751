import type { Given } from '#shared/cloud/command-line/command.ts'
import { gridOf } from '#shared/cloud/command-line/market-option.ts'
import { invalidOption, missingOption } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerDay, microsPerMilli } from '#shared/kernel/unit.ts'
import { checkFiles } from './check.ts'
import { checkText, reportJson } from './check-text.ts'
import { importFiles } from './import.ts'
import { lockFolder } from './lock.ts'
import { historyCommand } from './options.ts'
import { createProgress } from './progress.ts'
import { pull } from './pull.ts'
import { venueHosts } from './pull-source.ts'

const { verbs } = historyCommand
const nowUs = (): number => Date.now() * microsPerMilli

async function runPull(
  { options }: Given<typeof verbs.pull.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { interval, kind, out: folder, symbols = [], to: toMs, venue } = options
  const needsSymbols = kind !== 'exchange-info'
  if (needsSymbols && symbols.length === 0) throw missingOption('--symbols', 'BTCUSDT,ETHUSDT')
  if (needsSymbols && options.from === undefined) throw missingOption('--from', '2025-01-01')
  const fromMs = options.from ?? 0
  if (toMs !== undefined && needsSymbols && toMs <= fromMs)
    throw invalidOption('--to is not after --from; it is the first moment that is left out')
  const runtime = createLocalRuntime()
  let isStopped = false
  const stop = (): void => {
    if (isStopped) process.exit(0)
    isStopped = true
    console.error('\nfinishing the file; Ctrl-C again drops it')
  }
  process.on('SIGINT', stop)
  const unlock = lockFolder(folder, 'pull.lock')
  let progress: ReturnType<typeof createProgress> | undefined
  try {
    const report = await pull({
      runtime,
      venue,
      restUrl: options.rest ?? venueHosts[venue].rest,
      kind,
      symbols,
      interval,
      fromMs,
      toMs,
      folder,
      isStopped: () => isStopped,
      onProgress: (done, total, what) => {
        progress ??= createProgress({ total, unit: 'files' })
        progress.show(done, what)
      },
    })
    progress?.end()
    const text = [
      ...report.files.map(
        ({ path, rows, isComplete }) =>
          `${path}  ${rows} rows${isComplete ? '' : ', still growing'}`,
      ),
      `${report.rows} rows pulled into ${folder}; ${report.kept} of ${report.files.length} files were there already`,
      ...(report.isStopped ? ['stopped; the same command goes on'] : []),
    ]
    say(text.join('\n'))
    answer({ ...report, folder })
    return 0
  } finally {
    progress?.end()
    process.off('SIGINT', stop)
    unlock()
    runtime.close()
  }
}

async function runCheck(
  { options, words }: Given<typeof verbs.check.options>,
  { answer, say }: Voice,
): Promise<number> {
  const grid = gridOf(options)
  let progress: ReturnType<typeof createProgress> | undefined
  const report = await checkFiles(words, {
    // A clock a day ahead is not the file's fault; a year is.
    nowUs: nowUs() + microsPerDay,
    isRealWanted: options.real,
    jumpRatioMin: options.jump / 100,
    ...(grid ? { grid } : {}),
    onFile: (done, total, file) => {
      progress ??= createProgress({ total, unit: 'files' })
      progress.show(done, file)
    },
  })
  progress?.end()
  say(checkText(report).join('\n'))
  answer(reportJson(report))
  return report.log.errors > 0 ? 1 : 0
}

async function runImport(
  { options, words }: Given<typeof verbs.import.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { out, real, symbol, 'utc-offset': utcOffsetHours } = options
  const grid = gridOf(options)
  const imported = await importFiles({
    files: words,
    out,
    nowUs: nowUs(),
    isRealWanted: real,
    ...(utcOffsetHours === undefined ? {} : { utcOffsetHours }),
    ...(grid ? { grid } : {}),
    ...(symbol === undefined ? {} : { symbol }),
  })
  if (imported.length === 0) throw new TradingError('STATE_CORRUPT', 'nothing was imported')
  const text = imported.flatMap(({ path, rows, notes }) => [
    `${path}  ${rows} rows`,
    ...notes.map((note) => `  ${note}`),
  ])
  say(text.join('\n'))
  answer({ files: imported })
  return 0
}

await runProcess(
  carryOut(historyCommand, undefined, {
    pull: carryOut(verbs.pull, runPull),
    check: carryOut(verbs.check, runCheck),
    import: carryOut(verbs.import, runImport),
  }),
)
