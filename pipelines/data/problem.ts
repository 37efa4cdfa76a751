/** What is wrong with one row of one file, or with the file as a whole (row undefined). */
export type Problem = {
  readonly file: string
  /** Line of a text file (its header is row 1); row of a Parquet file, from 1. */
  readonly row: number | undefined
  readonly severity: Severity
  readonly kind: ProblemKind
  readonly message: string
}

/** Errors make a file unusable as it is; warnings are facts of the market or the feed; notes are for the reader. */
export type Severity = 'error' | 'warning' | 'note'

export type ProblemKind =
  | 'columns'
  | 'value'
  | 'unsorted'
  | 'duplicate'
  | 'mixed-symbols'
  | 'future'
  | 'ohlc-order'
  | 'gap'
  | 'jump'
  | 'zero-volume'
  | 'frozen'
  | 'crossed'
  | 'clock-order'
  | 'broken-id'
  | 'survivorship'
  | 'zone'
  | 'synthetic'
  | 'tape'

const severities: Readonly<Record<ProblemKind, Severity>> = {
  columns: 'error',
  value: 'error',
  unsorted: 'error',
  duplicate: 'error',
  'mixed-symbols': 'error',
  future: 'error',
  'ohlc-order': 'error',
  tape: 'error',
  gap: 'warning',
  jump: 'warning',
  'zero-volume': 'warning',
  frozen: 'warning',
  crossed: 'warning',
  'clock-order': 'warning',
  'broken-id': 'warning',
  zone: 'warning',
  survivorship: 'note',
  synthetic: 'note',
}

/** Collects problems; lists the first of each kind per file and counts all. */
export type ProblemLog = {
  add(file: string, row: number | undefined, kind: ProblemKind, message: string): void
  readonly listed: readonly Problem[]
  /** How often, by kind. */
  counts(file?: string): Readonly<Partial<Record<ProblemKind, number>>>
  readonly errors: number
  readonly warnings: number
}

export function createProblemLog(listedMax = 20): ProblemLog {
  const listed: Problem[] = []
  const byFile = new Map<string, Map<ProblemKind, number>>()
  const totals = { error: 0, warning: 0, note: 0 }
  return {
    add(file, row, kind, message) {
      const counts = byFile.get(file) ?? new Map<ProblemKind, number>()
      byFile.set(file, counts)
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      const severity = severities[kind]
      totals[severity]++
      if (count <= listedMax) listed.push({ file, row, severity, kind, message })
    },
    listed,
    counts(file) {
      const sums: Partial<Record<ProblemKind, number>> = {}
      for (const [name, counts] of byFile)
        if (file === undefined || file === name)
          for (const [kind, count] of counts) sums[kind] = (sums[kind] ?? 0) + count
      return sums
    },
    get errors() {
      return totals.error
    },
    get warnings() {
      return totals.warning
    },
  }
}

/** `FILE, row 12: error: high 5 is below close 6`. */
export const problemText = ({ file, row, severity, message }: Problem): string =>
  `${file}${row === undefined ? '' : `, row ${row}`}: ${severity}: ${message}`
