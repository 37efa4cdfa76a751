import { createHash } from 'node:crypto'
import type { AuditRow } from '#shared/cloud/query/audit.ts'
import { canonicalJson } from './canonical.ts'

/** Last row of a chain: what the next one points back to. */
export type AuditHead = { readonly sequence: number; readonly rowHash: string }

/** Before the first row. */
export const genesis: AuditHead = { sequence: 0, rowHash: '0'.repeat(64) }

export type AuditVerdict =
  | { readonly isIntact: true; readonly head: AuditHead }
  | {
      readonly isIntact: false
      /** The first row that is not what was written there. */
      readonly sequence: number
      readonly problem: string
    }

/** SHA-256 over the canonical JSON of all other columns; the hash of the row before is one of them. */
export function hashRow(row: Omit<AuditRow, 'row_hash'>): string {
  const { detail, ...plain } = row
  const hashed = { ...plain, row_hash: undefined, detail: JSON.parse(detail) as unknown }
  return createHash('sha256').update(canonicalJson(hashed)).digest('hex')
}

/** Adds a row behind `head`. */
export function chainRow(
  head: AuditHead,
  row: Omit<AuditRow, 'sequence' | 'previous_hash' | 'row_hash'>,
): AuditRow {
  const linked = { ...row, sequence: head.sequence + 1, previous_hash: head.rowHash }
  return { ...linked, row_hash: hashRow(linked) }
}

export const headOf = ({ sequence, row_hash }: AuditRow): AuditHead => ({
  sequence,
  rowHash: row_hash,
})

/**
 * Checks that rows, oldest first, are exactly what was written: none edited, left out, added or moved.
 *
 * The end of a chain cannot vouch for itself: rows cut off from the end leave a shorter chain that is intact. Compare
 * the head with one kept elsewhere, such as the process that writes it, or its log.
 *
 * @param rows - in the order of their sequence
 * @param from - the head before the first of them
 */
export function verifyAudit(rows: readonly AuditRow[], from: AuditHead = genesis): AuditVerdict {
  let head = from
  for (const row of rows) {
    const problem = problemOf(row, head)
    if (problem !== undefined)
      return { isIntact: false, sequence: Math.min(row.sequence, head.sequence + 1), problem }
    head = headOf(row)
  }
  return { isIntact: true, head }
}

function problemOf(row: AuditRow, head: AuditHead): string | undefined {
  const { sequence } = row
  if (sequence <= head.sequence)
    return `row ${sequence} is there twice: two consoles wrote at once, or a row was added`
  if (sequence > head.sequence + 1)
    return `row ${head.sequence + 1} is missing: the next one there is ${sequence}`
  if (!hashMatches(row)) return `row ${sequence} was changed: its hash is not that of its content`
  if (row.previous_hash !== head.rowHash)
    return `row ${sequence} does not follow row ${head.sequence}: one of them was replaced`
  return undefined
}

function hashMatches(row: AuditRow): boolean {
  try {
    return hashRow(row) === row.row_hash
  } catch {
    // What was written was JSON; what is not JSON any more was changed.
    return false
  }
}
