import { z } from 'zod'
import type { Warehouse } from '#shared/cloud/port.ts'
import {
  type AuditRow,
  auditAfterSql,
  auditBeforeSql,
  auditRowsFrom,
} from '#shared/cloud/query/audit.ts'
import type { AuditHead } from '../audit/chain.ts'
import { type AuditVerdict, createAuditCheck } from '../audit/check.ts'
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
        'Recomputes every hash. `isIntact` false names the first row that is not what was written there (`changed`), or with ' +
        'which a second branch begins (`two-writers`). `joins` are the rows that go on behind two consoles that wrote at ' +
        'once: expected when a release replaced another, and at no other time. ' +
        'Compare `head` with the one in the service’s log: rows cut off the end before this process began cannot be seen otherwise.',
      role: 'viewer',
      replies: {
        200: {
          what: 'the verdict',
          schema: z.union([
            z.object({
              isIntact: z.literal(true),
              head: z.object({ sequence: z.int(), rowHash: z.string() }),
              joins: z.array(z.int()),
            }),
            z.object({
              isIntact: z.literal(false),
              kind: z.enum(['changed', 'two-writers']),
              sequence: z.int(),
              problem: z.string(),
            }),
          ]),
          example: { isIntact: true, head: { sequence: 12, rowHash: 'f'.repeat(64) }, joins: [] },
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

const shown = (row: AuditRow) => ({ ...row, detail: jsonOrText(row.detail) })

/** A row that was edited is shown as it is, and hides none of the others. */
function jsonOrText(detail: string): unknown {
  try {
    return JSON.parse(detail)
  } catch {
    return detail
  }
}

async function checkAll({ warehouse, storedHead, flush }: AuditReadPorts): Promise<AuditVerdict> {
  await flush()
  const stored = storedHead()
  let isStoredThere = stored === undefined
  const check = createAuditCheck()
  for (;;) {
    // The last number is read again: a second row of it could stand on the next page.
    const after = Math.max(0, check.sequence() - 1)
    const page = auditRowsFrom(await warehouse.query(auditAfterSql(after, pageRows)))
    const problem = check.add(page)
    if (problem) return problem
    isStoredThere ||= page.some(({ row_hash }) => row_hash === stored?.rowHash)
    if (page.length < pageRows) break
    if (check.sequence() <= after + 1) return tooMany(check.sequence())
  }
  const verdict = check.finish()
  if (!stored || isStoredThere) return verdict
  return { isIntact: false, kind: 'changed', ...lostText(stored, check.sequence()) }
}

const lostText = (stored: AuditHead, last: number) =>
  last < stored.sequence
    ? {
        sequence: last + 1,
        problem: `rows ${last + 1} to ${stored.sequence} are gone: this process stored them`,
      }
    : {
        sequence: stored.sequence,
        problem: `row ${stored.sequence} is not the one this process stored: the chain was written anew`,
      }

const tooMany = (sequence: number): AuditVerdict => ({
  isIntact: false,
  kind: 'changed',
  sequence,
  problem: `there are more than ${pageRows} rows with number ${sequence}: they were added`,
})
