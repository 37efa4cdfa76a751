import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, describe, expect, test } from 'vitest'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import type { Warehouse } from '#shared/cloud/port.ts'
import { type AuditRow, auditAfterSql, auditRowsFrom } from '#shared/cloud/query/audit.ts'
import { auditRoutes } from '../api/audit.ts'
import type { ApiCall } from '../api/route.ts'
import {
  createAuditTable,
  createManualClock,
  createManualTimers,
  startUs,
} from '../console.fixture.ts'
import { chainRow, genesis, headOf, joinedRowsMax } from './chain.ts'
import { verifyAudit } from './check.ts'
import { type AuditEntry, createAuditLog } from './log.ts'

const clock = createManualClock()
const entry = (other: Partial<AuditEntry> = {}): AuditEntry => ({
  requestId: 'request-1',
  actor: 'ada@example.com',
  role: 'admin',
  action: 'command',
  outcome: 'begun',
  status: null,
  detail: { body: { command: 'kill', ratio: 0.05 } },
  ...other,
})
const refused = (other: Partial<AuditEntry> = {}) =>
  entry({ outcome: 'refused', status: 401, detail: {}, ...other })

const open = (warehouse: Pick<Warehouse, 'insert' | 'query'>, ownClock = clock) => {
  const { timers, fire } = createManualTimers()
  const faults: unknown[] = []
  const log = createAuditLog({
    warehouse,
    clock: ownClock,
    timers,
    report: (fault) => faults.push(fault),
  })
  return { log, fire, faults }
}

const readAll = async (warehouse: Pick<Warehouse, 'query'>): Promise<readonly AuditRow[]> =>
  auditRowsFrom(await warehouse.query(auditAfterSql(0, 10_000)))

describe('one writer', () => {
  test('a row that is refused for good does not stand in the way of the next ones', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    table.refuses = ({ detail }) => String(detail).includes('poison')
    await log.record(entry())
    await expect(log.record(entry({ detail: { poison: 1 } }))).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    })
    // Of this one it is unknown whether it was stored, and then it is refused.
    table.isAway = true
    table.refuses = () => false
    await expect(log.record(entry({ detail: { poison: 2 } }))).rejects.toThrow()
    table.isAway = false
    table.refuses = ({ detail }) => String(detail).includes('poison')
    for (let count = 0; count < 3; count++) await log.record(entry())
    const rows = await readAll(table)
    expect(rows).toHaveLength(4)
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
    expect(String(rows[1]!.detail)).toContain('"unrecorded":2')
  })

  test('rows of many calls at once are one chain', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        log.record(entry({ requestId: `request-${index}` })),
      ),
    )
    const rows = await readAll(table)
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1))
    expect(rows[49]?.request_id).toBe('request-49')
    expect(verifyAudit(rows)).toEqual({ isIntact: true, head: log.head(), joins: [] })
  })

  test('after a restart the chain goes on', async () => {
    const table = createAuditTable()
    await open(table).log.record(entry())
    await open(table).log.record(entry())
    expect(verifyAudit(await readAll(table))).toMatchObject({
      isIntact: true,
      head: { sequence: 2 },
    })
  })

  test('two consoles during a deployment: a fork is named, and the next write joins it', async () => {
    const table = createAuditTable()
    const clock = createManualClock()
    const [one, two] = [open(table, clock), open(table, clock)]
    await one.log.record(entry())
    await two.log.record(entry())
    await one.log.record(entry({ actor: 'bob@example.com' }))
    await two.log.record(entry({ actor: 'olga@example.com' }))
    expect(table.rows).toHaveLength(4)
    expect(verifyAudit(await readAll(table))).toMatchObject({
      isIntact: false,
      kind: 'two-writers',
      sequence: 2,
    })
    expect(two.faults).toEqual([])

    clock.atUs += 5e6
    await two.log.record(entry())
    expect(verifyAudit(await readAll(table))).toEqual({
      isIntact: true,
      head: two.log.head(),
      joins: [4],
    })
    expect(two.faults).toMatchObject([{ code: 'AUDIT_BROKEN' }])
    // Later the first one looks too, and goes on behind it.
    await one.log.record(entry())
    expect(verifyAudit(await readAll(table))).toMatchObject({ isIntact: true, joins: [4, 5] })
  })

  test('a writer that is alone looks, finds itself and says nothing', async () => {
    const table = createAuditTable()
    const clock = createManualClock()
    const { log, faults } = open(table, clock)
    for (let times = 0; times < 3; times++) {
      clock.atUs += 60e6
      await log.record(entry())
    }
    expect(verifyAudit(await readAll(table))).toMatchObject({ isIntact: true, joins: [] })
    expect(faults).toEqual([])
  })
})

describe('a writer whose own last row is far back', () => {
  /** One writes a row, the other as many as given, the first one again; then the others of the release. */
  const overtaken = async (rows: number) => {
    const table = createAuditTable()
    const clock = createManualClock()
    const [one, two] = [open(table, clock), open(table, clock)]
    await one.log.record(entry())
    for (let count = 0; count < rows; count++) await two.log.record(entry())
    clock.atUs += 5e6
    await one.log.record(entry())
    return { table, clock, two }
  }

  test.each([199, 200, 450])('goes on behind %i rows of another', async (count) => {
    const { table, clock, two } = await overtaken(count)
    expect(verifyAudit(await readAll(table))).toMatchObject({
      isIntact: true,
      head: { sequence: count + 2 },
      joins: [count + 2],
    })
    clock.atUs += 5e6
    await two.log.record(entry())
    expect(verifyAudit(await readAll(table))).toMatchObject({ isIntact: true })
  })

  test('and is an end that nothing follows: it joins itself', async () => {
    const table = createAuditTable()
    const clock = createManualClock()
    const [one, two] = [open(table, clock), open(table, clock)]
    await one.log.record(entry())
    await two.log.record(entry())
    await one.log.record(entry({ actor: 'bob@example.com' }))
    for (let count = 0; count < 1_200; count++) await two.log.record(entry())
    expect(verifyAudit(await readAll(table))).toMatchObject({ kind: 'two-writers', sequence: 2 })
    clock.atUs += 5e6
    await one.log.record(entry())
    expect(verifyAudit(await readAll(table))).toMatchObject({
      isIntact: true,
      head: { sequence: 1_203 },
    })
  })

  test('and too far back to read all since: it goes on behind the others', async () => {
    const table = createAuditTable()
    const clock = createManualClock()
    const { log } = open(table, clock)
    await log.record(entry())
    let [last] = await readAll(table)
    while (last && last.sequence < joinedRowsMax + 5) {
      last = chainRow(headOf(last), last)
      table.rows.push(last)
    }
    clock.atUs += 5e6
    await log.record(entry())
    const rows = auditRowsFrom(await table.query(auditAfterSql(0, 2 * joinedRowsMax)))
    expect(rows).toHaveLength(joinedRowsMax + 6)
    expect(verifyAudit(rows)).toEqual({ isIntact: true, head: log.head(), joins: [] })
  })

  test('and was deleted: it goes on from there, and the check says so', async () => {
    const table = createAuditTable()
    const clock = createManualClock()
    const [one, two] = [open(table, clock), open(table, clock)]
    await one.log.record(entry())
    for (let count = 0; count < 300; count++) await two.log.record(entry())
    table.rows.splice(0, 1)
    clock.atUs += 5e6
    await one.log.record(entry())
    expect(table.rows.at(-1)).toMatchObject({ sequence: 2 })
    expect(verifyAudit(await readAll(table))).toMatchObject({ kind: 'changed', sequence: 1 })
  })
})

describe('refusals of a second are one row each kind', () => {
  test('with a count, in the order of their first', async () => {
    const table = createAuditTable()
    const { log, fire } = open(table)
    for (let times = 0; times < 500; times++) log.noteRefusal(refused(), '192.0.2.1')
    log.noteRefusal(refused({ status: 403, actor: 'eve@example.com' }), '192.0.2.1')
    expect(table.rows).toEqual([])
    fire()
    await log.flush()
    const rows = await readAll(table)
    expect(rows.map(({ status, detail }) => [status, JSON.parse(detail).count])).toEqual([
      [401, 500],
      [403, 1],
    ])
  })

  test('ten thousand kinds are not ten thousand rows', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    for (let kind = 0; kind < 10_000; kind++)
      log.noteRefusal(refused({ actor: `guess-${kind}@example.com` }), '192.0.2.1')
    await log.close()
    const rows = await readAll(table)
    expect(rows).toHaveLength(33)
    const counts = rows.map(({ detail }) => JSON.parse(detail).count as number)
    expect(counts.reduce((sum, count) => sum + count)).toBe(10_000)
  })
})

describe('a warehouse that fails', () => {
  test('what could not be stored is refused, and its number is not lost', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    await log.record(entry())
    table.isAway = true
    await expect(log.record(entry())).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' })
    await expect(log.record(entry())).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' })
    table.isAway = false
    await log.record(entry({ action: 'limits' }))
    const rows = await readAll(table)
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
    expect(rows.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['command', 'begun'],
      ['command', 'begun'],
      ['command', 'not-done'],
      ['limits', 'begun'],
    ])
    expect(JSON.parse(rows[3]!.detail).unrecorded).toBe(1)
  })

  test('a row that was stored although the answer got lost stays the only one of its number', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    table.losesAnswer = true
    await expect(log.record(entry())).rejects.toThrow()
    await log.record(entry({ action: 'limits' }))
    const rows = await readAll(table)
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
    expect(rows.map(({ outcome }) => outcome)).toEqual(['begun', 'not-done', 'begun'])
  })
})

describe('a stop, which waits for no row', () => {
  const stop = (other: Partial<AuditEntry> = {}) => entry({ isStop: true, ...other })
  const done = { outcome: 'done', status: 202 } as const
  const outcomes = async (table: ReturnType<typeof createAuditTable>) =>
    (await readAll(table)).map(({ request_id, outcome }) => `${request_id} ${outcome}`)

  test('has its rows once the warehouse is back, and none that says it was not done', async () => {
    const table = createAuditTable()
    const clock = createManualClock()
    const { log } = open(table, clock)
    await log.record(entry({ requestId: 'first' }))
    table.isAway = true
    const noted = [stop(), stop(done), stop({ requestId: 'second' }), entry()]
    const faults = await Promise.allSettled(noted.map((each) => log.record(each)))
    expect(faults.map((fault) => String((fault as PromiseRejectedResult).reason))).toEqual([
      ...Array(3).fill(
        expect.stringMatching(/what was done stays done, and is recorded or counted later/),
      ),
      expect.stringMatching(/so nothing was done/),
    ])
    const awayUs = clock.atUs
    clock.atUs += 60e6
    await expect(log.flush()).rejects.toThrow(/recorded or counted later/)
    table.isAway = false
    await log.record(entry({ requestId: 'later' }))
    expect(await outcomes(table)).toEqual([
      'first begun',
      'request-1 begun',
      'request-1 done',
      'second begun',
      'later begun',
    ])
    const rows = await readAll(table)
    expect(rows.slice(1, 4).map(({ recorded_at }) => recorded_at)).toEqual(Array(3).fill(awayUs))
    expect(rows.map(({ detail }) => JSON.parse(detail).unrecorded)).toEqual([
      undefined,
      undefined,
      1,
      undefined,
      undefined,
    ])
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true, joins: [] })
  })

  test('what became of any action is kept, and goes out when somebody asks for all', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    await log.record(entry())
    table.isAway = true
    await expect(log.record(entry({ outcome: 'failed', status: 502 }))).rejects.toThrow()
    await expect(log.record(entry(done))).rejects.toThrow()
    table.isAway = false
    await log.flush()
    expect(await outcomes(table)).toEqual(['request-1 begun', 'request-1 failed', 'request-1 done'])
    expect(verifyAudit(await readAll(table))).toMatchObject({ isIntact: true, head: log.head() })
  })

  test('a kept row that is refused for good is counted, and the next one is stored', async () => {
    const table = createAuditTable()
    const { log, faults } = open(table)
    table.isAway = true
    await expect(log.record(stop())).rejects.toThrow()
    await expect(log.record(stop({ ...done, detail: { poison: 1 } }))).rejects.toThrow()
    table.isAway = false
    table.refuses = ({ detail }) => String(detail).includes('poison')
    await log.record(entry({ requestId: 'later' }))
    expect(await outcomes(table)).toEqual(['request-1 begun', 'later begun'])
    const rows = await readAll(table)
    expect(JSON.parse(rows[1]!.detail).unrecorded).toBe(1)
    expect(faults).toMatchObject([{ code: 'PLATFORM_REFUSED' }])
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
  })

  test('a thousand are kept, and those beyond are counted', async () => {
    const table = createAuditTable()
    const { log } = open(table)
    table.isAway = true
    await Promise.allSettled(Array.from({ length: 1_006 }, () => log.record(stop())))
    table.isAway = false
    await log.flush()
    const rows = await readAll(table)
    expect(rows).toHaveLength(1_001)
    expect(JSON.parse(rows[1]!.detail).unrecorded).toBe(5)
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
  })
})

describe('in the warehouse of one machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-audit-'))
  const file = join(folder, 'warehouse.duckdb')
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const check = async (warehouse: Warehouse, log?: ReturnType<typeof open>['log']) => {
    const routes = auditRoutes({
      warehouse,
      storedHead: () => log?.head(),
      flush: async () => {},
    })
    const verify = routes.find(({ action }) => action === 'audit-verify')
    if (verify?.kind !== 'read') throw new Error('the check is a route that reads')
    const { body } = await verify.run({} as ApiCall<unknown, unknown>)
    return JSON.parse(String(body)) as { isIntact: boolean; sequence?: number }
  }
  /** Whoever has the file can change it with any program. */
  const tamper = async (sql: string) => {
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    await connection.run(sql)
    connection.closeSync()
    instance.closeSync()
  }

  test('an edited, deleted, renumbered or cut off row is found', async () => {
    let warehouse = await openWarehouse(file)
    // More rows than one page of the check.
    const rows: AuditRow[] = []
    for (let index = 1; index < 1_010; index++) {
      const { requestId: request_id, detail, ...plain } = entry({ requestId: `request-${index}` })
      const row = { ...plain, request_id, recorded_at: startUs, detail: JSON.stringify(detail) }
      rows.push(chainRow(rows.length > 0 ? headOf(rows.at(-1)!) : genesis, row))
    }
    await warehouse.insert('audit_log', rows)
    const { log } = open(warehouse)
    await log.record(entry())
    expect(await check(warehouse, log)).toMatchObject({ isIntact: true, head: { sequence: 1_010 } })
    await warehouse.close()

    const afterwards = async (sql: string, undo: string) => {
      await tamper(sql)
      warehouse = await openWarehouse(file)
      const verdict = await check(warehouse, log)
      await warehouse.close()
      await tamper(undo)
      return verdict
    }
    const at = (sequence: number) => `WHERE sequence = ${sequence}`
    await tamper(`CREATE TABLE kept AS SELECT * FROM audit_log`)
    const restore = `DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept`
    expect(
      await afterwards(`UPDATE audit_log SET actor = 'eve@example.com' ${at(500)}`, restore),
    ).toMatchObject({ isIntact: false, sequence: 500 })
    expect(
      await afterwards(`UPDATE audit_log SET detail = '{"body":{}}' ${at(1_000)}`, restore),
    ).toMatchObject({ isIntact: false, sequence: 1_000 })
    expect(await afterwards(`DELETE FROM audit_log ${at(3)}`, restore)).toMatchObject({
      isIntact: false,
      sequence: 3,
    })
    expect(
      await afterwards(
        `UPDATE audit_log SET sequence = CASE sequence WHEN 7 THEN 8 ELSE 7 END WHERE sequence IN (7, 8)`,
        restore,
      ),
    ).toMatchObject({ isIntact: false, sequence: 7 })
    expect(await afterwards(`DELETE FROM audit_log WHERE sequence > 1005`, restore)).toMatchObject({
      isIntact: false,
      sequence: 1_006,
    })
    // A twin of the row at the edge of a page.
    expect(
      await afterwards(
        `INSERT INTO audit_log SELECT * REPLACE ('z' || substr(row_hash, 2) AS row_hash) FROM audit_log ${at(1_000)}`,
        restore,
      ),
    ).toMatchObject({ isIntact: false, sequence: 1_000 })

    await tamper('DROP TABLE kept')
    warehouse = await openWarehouse(file)
    expect(await check(warehouse, log)).toMatchObject({ isIntact: true })
    await open(warehouse).log.record(entry())
    expect(await check(warehouse)).toMatchObject({ isIntact: true, head: { sequence: 1_011 } })
    await warehouse.close()
  })
})
