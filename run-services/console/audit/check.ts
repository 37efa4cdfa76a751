import type { AuditRow } from '#shared/cloud/query/audit.ts'
import { type AuditHead, genesis, hashRow, headOf, joinedRowsMax, joinsOf } from './chain.ts'

export type AuditVerdict =
  | {
      readonly isIntact: true
      readonly head: AuditHead
      /** Rows that go on behind what another console wrote at the same time; expected while releases change. */
      readonly joins: readonly number[]
    }
  | {
      readonly isIntact: false
      /**
       * `changed`: a row was edited, left out, moved or replaced. `two-writers`: every row is as it was written, but
       * the chain has two ends and no row has joined them: two consoles write at once, or somebody added rows.
       */
      readonly kind: 'changed' | 'two-writers'
      /** The first row that is not what was written there, or with which the second branch begins. */
      readonly sequence: number
      readonly problem: string
    }

export type AuditCheck = {
  /**
   * Takes more rows, in the order of their sequence; rows of the last one again do no harm.
   *
   * @returns the verdict as soon as one is bad
   */
  add(rows: readonly AuditRow[]): AuditVerdict | undefined
  /** The highest sequence so far. */
  sequence(): number
  finish(): AuditVerdict
}

/** An end of the chain: a row that no other one follows or joins yet. */
type End = AuditHead & {
  /** Row with which its branch left the others; 0 while there is one branch. */
  readonly branchedAt: number
}

/** Rows a later one may join; twice what a writer looks at, for rows are added while it does. */
const recentMax = 2 * joinedRowsMax

/**
 * Checks that rows are exactly what was written: none edited, left out, added or moved.
 *
 * The end of a chain cannot vouch for itself: rows cut off from the end leave a shorter chain that is intact, and
 * whoever can write the table can add rows at its end. Compare the head with one kept elsewhere, such as the log of the
 * process that writes it.
 *
 * @param from - the head before the first row
 */
export function createAuditCheck(from: AuditHead = genesis): AuditCheck {
  const ends = new Map<string, End>([[from.rowHash, { ...from, branchedAt: 0 }]])
  const recent = new Set<string>()
  const joins: number[] = []
  let sequence = from.sequence
  /** Hashes of the rows with the highest number so far, and of those one below. */
  let level = new Set([from.rowHash])
  let below = new Set<string>()

  const problemOf = (row: AuditRow): string | undefined => {
    const { sequence: number } = row
    if (number < sequence) return `row ${number} is out of order`
    if (number > sequence + 1)
      return `row ${sequence + 1} is missing: the next one there is ${number}`
    if (hashRow(row) !== row.row_hash)
      return `row ${number} was changed: its hash is not that of its content`
    if (!(number === sequence ? below : level).has(row.previous_hash))
      return `row ${number} does not follow row ${number - 1}: one of them was replaced`
    const named = joinsOf(row)
    if (!named) return `row ${number} was changed: its detail is not what a console writes`
    const gone = named.find((hash) => !recent.has(hash))
    return gone && `row ${number} joins a row that is gone: the one with hash ${gone.slice(0, 12)}…`
  }

  const take = (row: AuditRow): void => {
    if (row.sequence > sequence) {
      below = level
      level = new Set()
      sequence = row.sequence
    }
    level.add(row.row_hash)
    const before = ends.get(row.previous_hash)
    ends.delete(row.previous_hash)
    const named = joinsOf(row) ?? []
    for (const hash of named) ends.delete(hash)
    recent.add(row.row_hash)
    if (recent.size > recentMax) recent.delete(recent.values().next().value as string)
    if (named.length > 0) joins.push(row.sequence)
    const branchedAt = before?.branchedAt ?? row.sequence
    ends.set(row.row_hash, { ...headOf(row), branchedAt: ends.size === 0 ? 0 : branchedAt })
  }

  return {
    add(rows) {
      for (const row of rows) {
        const problem = problemOf(row)
        if (problem !== undefined) {
          const first = Math.min(row.sequence, sequence + 1)
          return { isIntact: false, kind: 'changed', sequence: first, problem }
        }
        if (row.sequence !== sequence || !level.has(row.row_hash)) take(row)
      }
      return undefined
    },
    sequence: () => sequence,
    finish() {
      const open = [...ends.values()]
      const [head] = open
      if (head && open.length === 1) {
        const { sequence: last, rowHash } = head
        return { isIntact: true, head: { sequence: last, rowHash }, joins }
      }
      const branches = open.map(({ branchedAt }) => branchedAt).filter((at) => at > 0)
      const first = Math.min(...branches)
      return { isIntact: false, kind: 'two-writers', sequence: first, problem: branchText(first) }
    },
  }
}

/** {@link createAuditCheck} over rows that are all at hand. */
export function verifyAudit(rows: readonly AuditRow[], from: AuditHead = genesis): AuditVerdict {
  const check = createAuditCheck(from)
  return check.add(rows) ?? check.finish()
}

const branchText = (sequence: number): string =>
  `two writers: from row ${sequence} on the chain has two branches that nothing has joined since. ` +
  'Two consoles write at once, or rows were added: compare the heads in the log of the service'
