import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AuditRow } from '#shared/cloud/query/audit.ts'
import { canonicalJson } from './canonical.ts'

/** Last row of a chain: what the next one points back to. */
export type AuditHead = { readonly sequence: number; readonly rowHash: string }

/** Before the first row. */
export const genesis: AuditHead = { sequence: 0, rowHash: '0'.repeat(64) }

/** SHA-256 over the canonical JSON of all other columns; the hash of the row before is one of them. */
export const hashRow = (row: Omit<AuditRow, 'row_hash'>): string =>
  createHash('sha256')
    .update(canonicalJson({ ...row, row_hash: undefined }))
    .digest('hex')

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

/** How many rows back a writer still finds an end to join. */
export const joinedRowsMax = 10_000

const detailSchema = z.object({ joins: z.array(z.string()).default([]) })

/**
 * Hashes of rows of another writer that this row vouches for beside the one before it.
 *
 * @returns undefined when the detail is not what a console writes
 */
export function joinsOf({ detail }: Pick<AuditRow, 'detail'>): readonly string[] | undefined {
  try {
    return detailSchema.parse(JSON.parse(detail)).joins
  } catch {
    return undefined
  }
}

export type Continuation = {
  readonly head: AuditHead
  /** What the next row has to name in its detail: rows that another console wrote meanwhile. */
  readonly joins: readonly string[]
}

/**
 * Where a writer goes on. Two consoles write at once while one release replaces another, and both may have continued
 * from the same row; whoever writes next follows the longer branch and names the ends of the others, so that the
 * record is one again and none of it can be taken away.
 *
 * @param newest - the last rows of the table, newest first, as far back as to the own row if it is there
 * @param own - the last row this process has stored; undefined before its first
 */
export function continueChain(
  newest: readonly AuditRow[],
  own: AuditHead | undefined,
): Continuation {
  // What was stored is gone: going on from it makes the next check say so.
  if (own && !newest.some(({ row_hash }) => row_hash === own.rowHash))
    return { head: own, joins: [] }
  const followed = new Set(newest.flatMap((row) => [row.previous_hash, ...(joinsOf(row) ?? [])]))
  const ends = newest.filter(({ row_hash }) => !followed.has(row_hash))
  const length = Math.max(...ends.map(({ sequence }) => sequence))
  const longest = ends.filter(({ sequence }) => sequence === length)
  const last = longest.find(({ row_hash }) => row_hash === own?.rowHash) ?? longest[0] ?? newest[0]
  if (!last) return { head: genesis, joins: [] }
  const isFirst = own === undefined || last.row_hash === own.rowHash
  const joined = ends.filter((end) => end !== last || !isFirst)
  return { head: headOf(last), joins: joined.map(({ row_hash }) => row_hash) }
}
