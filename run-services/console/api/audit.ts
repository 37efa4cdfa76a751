import { z } from 'zod'
import type { Warehouse } from '#shared/cloud/port.ts'
import {
  type AuditRow,
  auditAfterSql,
  auditBeforeSql,
  auditRowsFrom,
} from '#shared/cloud/query/audit.ts'
import { type AuditHead, type AuditVerdict, genesis, verifyAudit } from '../audit/chain.ts'
import { type ApiRoute, jsonAnswer, readRoute } from './route.ts'

export type AuditReadPorts = {
  readonly warehouse: Pick<Warehouse, 'query'>
  /** The last row this process has stored: a table that ends before it was cut off. */
  readonly storedHead: () => AuditHead | undefined
  /** Stores what still waits to be. */
  readonly flush: () => Promise<void>
}

const pageRows = 1_000
const rowsMax = 200

const rowSchema = z.object({
  sequence: z.int(),
  recorded_at: z.int(),
  request_id: z.string(),
  actor: z.string(),
  role: z.string(),
  action: z.string(),
  outcome: z.string(),
  status: z.int().nullable(),
  detail: z.unknown(),
  previous_hash: z.string(),
  row_hash: z.string(),
})

/** Who did what, and whether that record is whole. */
export const auditRoutes = (ports: AuditReadPorts): readonly ApiRoute[] => {
  let checking: Promise<AuditVerdict> | undefined
  return [
    readRoute({
      method: 'get',
      path: '/api/audit',
      room: 'audit',
      action: 'audit',
      summary: 'The audit log, newest first',
      description:
        'Every change has a row before it is carried out and one after it; every refusal is in it too, the same ones of a second in one row with a count.',
      role: 'viewer',
      query: z.strictObject({
        before: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(rowsMax).default(50),
      }),
      replies: {
        200: {
          what: 'rows; `next` is the `before` of the following page, null on the last',
          schema: z.object({ rows: z.array(rowSchema), next: z.int().nullable() }),
        },
      },
      run: async ({ query: { before, limit } }) => {
        const sql = auditBeforeSql(before ?? Number.MAX_SAFE_INTEGER, limit)
        const rows = auditRowsFrom(await ports.warehouse.query(sql))
        const last = rows.at(-1)
        const next = rows.length === limit && last && last.sequence > 1 ? last.sequence : null
        return jsonAnswer({ rows: rows.map(shown), next })
      },
    }),
    readRoute({
      method: 'get',
      path: '/api/audit/verify',
      room: 'audit',
      action: 'audit-verify',
      summary: 'Check the whole audit chain',
      description:
        'Recomputes every hash. `isIntact` false names the first row that is not what was written there. ' +
        'Compare `head` with the one in the service’s log: rows cut off the end before this process began cannot be seen otherwise.',
      role: 'viewer',
      replies: {
        200: {
          what: 'the verdict',
          schema: z.union([
            z.object({
              isIntact: z.literal(true),
              head: z.object({ sequence: z.int(), rowHash: z.string() }),
            }),
            z.object({ isIntact: z.literal(false), sequence: z.int(), problem: z.string() }),
          ]),
          example: { isIntact: true, head: { sequence: 12, rowHash: 'f'.repeat(64) } },
        },
      },
      run: async () => {
        // Whoever asks meanwhile shares the answer: a check reads every row.
        checking ??= checkAll(ports).finally(() => {
          checking = undefined
        })
        return jsonAnswer(await checking)
      },
    }),
  ]
}

const shown = (row: AuditRow) => ({ ...row, detail: JSON.parse(row.detail) as unknown })

async function checkAll({ warehouse, storedHead, flush }: AuditReadPorts): Promise<AuditVerdict> {
  await flush()
  const stored = storedHead()
  let head = genesis
  for (;;) {
    // One row of the page before is read again: a twin of it would stand at the edge and be passed over.
    const sql = auditAfterSql(Math.max(0, head.sequence - 1), pageRows)
    const page = auditRowsFrom(await warehouse.query(sql))
    const rows = page.filter((row) => !isSame(row, head))
    const verdict = verifyAudit(rows, head)
    if (!verdict.isIntact) return verdict
    head = verdict.head
    if (stored && rows.some((row) => isReplaced(row, stored)))
      return { isIntact: false, sequence: stored.sequence, problem: replacedText(stored) }
    if (page.length < pageRows) break
  }
  if (stored && head.sequence < stored.sequence)
    return {
      isIntact: false,
      sequence: head.sequence + 1,
      problem: `rows ${head.sequence + 1} to ${stored.sequence} are gone: this process stored them`,
    }
  return { isIntact: true, head }
}

const isSame = (row: AuditRow, { sequence, rowHash }: AuditHead): boolean =>
  row.sequence === sequence && row.row_hash === rowHash

const isReplaced = (row: AuditRow, { sequence, rowHash }: AuditHead): boolean =>
  row.sequence === sequence && row.row_hash !== rowHash

const replacedText = ({ sequence }: AuditHead): string =>
  `row ${sequence} is not the one this process stored: the chain was written anew`
