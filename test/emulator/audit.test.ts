import { BigQuery } from '@google-cloud/bigquery'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyAudit } from '#services/console/audit/check.ts'
import { createAuditLog } from '#services/console/audit/log.ts'
import { createManualClock, createManualTimers } from '#services/console/console.fixture.ts'
import {
  type BigQueryEmulator,
  createEmulatedWarehouse,
  startBigQueryEmulator,
} from '#shared/cloud/emulator/bigquery.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import type { Warehouse } from '#shared/cloud/port.ts'
import { auditAfterSql, auditBeforeSql, auditRowsFrom } from '#shared/cloud/query/audit.ts'

const project = 'asterai-audit'
const dataset = 'asterai'
let emulator: BigQueryEmulator
let warehouse: Warehouse
beforeAll(async () => {
  emulator = await startBigQueryEmulator({ project })
  await createEmulatedWarehouse({ host: emulator.host, project, dataset })
  warehouse = await openBigQueryWarehouse({
    project,
    dataset,
    restEndpoint: `http://${emulator.host}`,
    grpcEndpoint: emulator.grpcHost,
  })
})
afterAll(async () => {
  await warehouse?.close()
  await emulator?.close()
})

const log = () =>
  createAuditLog({
    warehouse,
    clock: createManualClock(),
    timers: createManualTimers().timers,
    report: () => {},
  })

const rows = async (sql: string) => auditRowsFrom(await warehouse.query(sql))

test('the audit chain of BigQuery goes on after a restart, is intact, and an edited row is found', async () => {
  const entry = {
    requestId: 'request-1',
    actor: 'ada@example.com',
    role: 'admin',
    action: 'command',
    outcome: 'begun',
    status: null,
    detail: { z: [1, { b: 0.05, a: 'é "quoted"' }], body: { command: 'kill' } },
  } as const
  const first = log()
  await first.record(entry)
  await first.record({ ...entry, outcome: 'done', status: 202 })
  const second = log()
  await second.record(entry)

  const stored = await rows(auditAfterSql(0, 100))
  expect(stored.map(({ sequence, status }) => [sequence, status])).toEqual([
    [1, null],
    [2, 202],
    [3, null],
  ])
  expect(verifyAudit(stored)).toEqual({ isIntact: true, head: second.head(), joins: [] })
  expect((await rows(auditBeforeSql(Number.MAX_SAFE_INTEGER, 1)))[0]?.row_hash).toBe(
    second.head()?.rowHash,
  )
  expect((await rows(auditBeforeSql(3, 1)))[0]?.sequence).toBe(2)

  expect(JSON.parse(stored[0]!.detail)).toEqual(entry.detail)

  const client = new BigQuery({ projectId: project, apiEndpoint: `http://${emulator.host}` })
  await client.query(
    `UPDATE \`${project}.${dataset}_raw.audit_log\` SET actor = 'eve@example.com' WHERE sequence = 2`,
  )
  expect(verifyAudit(await rows(auditAfterSql(0, 100)))).toMatchObject({
    isIntact: false,
    sequence: 2,
  })
})
