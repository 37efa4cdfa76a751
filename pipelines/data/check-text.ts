import type { CheckReport } from './check.ts'
import { problemText } from './problem.ts'
import { timeText } from './time-text.ts'

/** Table of files, then one line per problem, then the verdict. */
export function checkText({ files, log }: CheckReport): readonly string[] {
  const header = ['file', 'kind', 'symbols', 'rows', 'first (UTC)', 'last (UTC)', 'problems']
  const rows = files.map((report) => [
    report.file,
    report.interval === undefined ? report.kind : `${report.kind} ${report.interval}`,
    report.symbols.length > 2 ? `${report.symbols.length} symbols` : report.symbols.join(' '),
    String(report.rows),
    report.firstUs === undefined ? '–' : timeText(report.firstUs),
    report.lastUs === undefined ? '–' : timeText(report.lastUs),
    problemsOf(log.counts(report.file)),
  ])
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd()
  const unlisted =
    log.errors + log.warnings - log.listed.filter((p) => p.severity !== 'note').length
  return [
    line(header),
    ...rows.map(line),
    '',
    ...log.listed.map(problemText),
    ...(unlisted > 0 ? [`… and ${unlisted} more of the same kinds`] : []),
    `${files.length} files, ${files.reduce((sum, { rows: count }) => sum + count, 0)} rows: ${log.errors} errors, ${log.warnings} warnings`,
  ]
}

const problemsOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ') || 'none'

/** The same for programs. */
export const reportJson = ({ files, log }: CheckReport): unknown => ({
  files: files.map((report) => ({ ...report, problems: log.counts(report.file) })),
  problems: log.listed,
  errors: log.errors,
  warnings: log.warnings,
})
