import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerDay, microsPerMilli } from '#shared/kernel/unit.ts'
import { checkFiles } from './check.ts'
import { checkText, reportJson } from './check-text.ts'
import {
  type CommandLine,
  invalidOption,
  oneOf,
  readCommandLine,
  runCommand,
} from './command-line.ts'
import { helpText } from './help.ts'
import { type ImportRequest, importFiles } from './import.ts'
import { lockFolder } from './lock.ts'
import { createProgress } from './progress.ts'
import { pull } from './pull.ts'
import { readDate } from './pull-plan.ts'
import { pullKinds, venueHosts, venueNames } from './pull-source.ts'
import { intervalNames } from './time-text.ts'

const verbs = ['pull', 'check', 'import'] as const

const options = {
  venue: { type: 'string' },
  symbols: { type: 'string' },
  kind: { type: 'string' },
  interval: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  rest: { type: 'string' },
  real: { type: 'boolean' },
  jump: { type: 'string' },
  tick: { type: 'string' },
  lot: { type: 'string' },
  symbol: { type: 'string' },
  'utc-offset': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @returns exit code */
async function main(argv: readonly string[]): Promise<number> {
  const given = readCommandLine(argv, options)
  const [verb, ...files] = given.positionals
  if (given.has('help') || verb === undefined) {
    console.log(helpText)
    return given.has('help') ? 0 : 2
  }
  const nowUs = Date.now() * microsPerMilli
  switch (oneOf('command', verb, verbs)) {
    case 'pull':
      return await runPull(given, files)
    case 'check':
      return await runCheck(given, files, nowUs)
    case 'import':
      return await runImport(given, files, nowUs)
  }
}

/** With `--json` the last line of stdout is the result, and everything for people is on stderr. */
function print(given: CommandLine, text: readonly string[], result: unknown): void {
  if (given.has('json')) {
    console.error(text.join('\n'))
    console.log(JSON.stringify(result))
  } else console.log(text.join('\n'))
}

async function runPull(given: CommandLine, strays: readonly string[]): Promise<number> {
  if (strays.length > 0) throw invalidOption(`'${strays[0]}' is not an option; see --help`)
  const venue = oneOf('--venue', given.need('venue', '--venue aster'), venueNames)
  const kind = oneOf('--kind', given.text('kind') ?? 'klines', pullKinds)
  const needsSymbols = kind !== 'exchange-info'
  const symbols = [
    ...new Set((given.text('symbols') ?? '').toUpperCase().split(',').filter(Boolean)),
  ]
  if (needsSymbols && symbols.length === 0)
    throw invalidOption('say what to pull: --symbols BTCUSDT,ETHUSDT')
  const to = given.text('to')
  const fromMs = needsSymbols ? readDate('from', given.need('from', '--from 2025-01-01')) : 0
  const toMs = to === undefined ? undefined : readDate('to', to)
  if (toMs !== undefined && needsSymbols && toMs <= fromMs)
    throw invalidOption('--to is not after --from; it is the first moment that is left out')
  const restUrl = (given.text('rest') ?? venueHosts[venue].rest).replace(/\/$/, '')
  if (!URL.canParse(restUrl)) throw invalidOption(`--rest '${restUrl}' is not an address`)
  const folder = given.text('out') ?? 'market'
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
      restUrl,
      kind,
      symbols,
      interval: oneOf('--interval', given.text('interval') ?? '1h', intervalNames),
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
    print(given, text, { ...report, folder })
    return 0
  } finally {
    progress?.end()
    process.off('SIGINT', stop)
    unlock()
    runtime.close()
  }
}

function readGrid(given: CommandLine): { tick: string; lot: string } | undefined {
  const [tick, lot] = [given.text('tick'), given.text('lot')]
  if ((tick === undefined) !== (lot === undefined))
    throw invalidOption('--tick and --lot go together; add the other one')
  return tick !== undefined && lot !== undefined ? { tick, lot } : undefined
}

async function runCheck(
  given: CommandLine,
  files: readonly string[],
  nowUs: number,
): Promise<number> {
  if (files.length === 0) throw invalidOption('check needs a file or folder')
  const jump = given.text('jump')
  const jumpRatioMin = jump === undefined ? undefined : Number(jump) / 100
  if (jumpRatioMin !== undefined && !(jumpRatioMin > 0))
    throw invalidOption(`--jump '${jump}' is not a percentage above 0`)
  const grid = readGrid(given)
  let progress: ReturnType<typeof createProgress> | undefined
  const report = await checkFiles(files, {
    // A clock a day ahead is not the file's fault; a year is.
    nowUs: nowUs + microsPerDay,
    isRealWanted: given.has('real'),
    ...(jumpRatioMin === undefined ? {} : { jumpRatioMin }),
    ...(grid ? { grid } : {}),
    onFile: (done, total, file) => {
      progress ??= createProgress({ total, unit: 'files' })
      progress.show(done, file)
    },
  })
  progress?.end()
  print(given, checkText(report), reportJson(report))
  return report.log.errors > 0 ? 1 : 0
}

async function runImport(
  given: CommandLine,
  files: readonly string[],
  nowUs: number,
): Promise<number> {
  if (files.length === 0) throw invalidOption('import needs a file')
  const offset = given.text('utc-offset')
  const utcOffsetHours = offset === undefined ? undefined : Number(offset)
  if (utcOffsetHours !== undefined && !(Math.abs(utcOffsetHours) <= 14))
    throw invalidOption(`--utc-offset '${offset}' is not a number of hours from -14 to 14`)
  const grid = readGrid(given)
  const symbol = given.text('symbol')
  const request: ImportRequest = {
    files,
    out: given.text('out'),
    nowUs,
    isRealWanted: given.has('real'),
    ...(utcOffsetHours === undefined ? {} : { utcOffsetHours }),
    ...(grid ? { grid } : {}),
    ...(symbol === undefined ? {} : { symbol }),
  }
  const imported = await importFiles(request)
  if (imported.length === 0) throw new TradingError('STATE_CORRUPT', 'nothing was imported')
  const text = imported.flatMap(({ path, rows, notes }) => [
    `${path}  ${rows} rows`,
    ...notes.map((note) => `  ${note}`),
  ])
  print(given, text, { files: imported })
  return 0
}

await runCommand('data', () => main(process.argv.slice(2)))
