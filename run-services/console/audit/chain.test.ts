import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuditRow } from '#shared/cloud/query/audit.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { canonicalJson } from './canonical.ts'
import { type AuditHead, chainRow, genesis, hashRow, headOf, verifyAudit } from './chain.ts'

const plainRow = (index: number) => ({
  recorded_at: (1_790_000_000_000_000 + index) as Micros,
  request_id: `request-${index}`,
  actor: 'ada@example.com',
  role: 'admin',
  action: 'command',
  outcome: 'begun',
  status: index % 2 === 0 ? 202 : null,
  detail: `{"address":"192.0.2.1","body":{"n":${index}}}`,
})

const chainOf = (length: number, from: AuditHead = genesis): AuditRow[] => {
  const rows: AuditRow[] = []
  for (let index = 0; index < length; index++)
    rows.push(chainRow(rows.length > 0 ? headOf(rows.at(-1)!) : from, plainRow(index)))
  return rows
}

test('the hash of a row is what Python’s json and hashlib make of it', () => {
  const [row] = chainOf(1)
  expect(row?.row_hash).toBe('842c47ac799fdbd8e3bcc3aa72367683f5f9579eb9c94acfd07f05ecd3624ed9')
})

test('JSON that a database spelled anew has the same hash, another value has not', () => {
  const [row] = chainOf(1)
  const respelled = { ...row!, detail: '{ "body": {"n": 0},\n "address": "192.0.2.1" }' }
  expect(hashRow(respelled)).toBe(row!.row_hash)
  expect(hashRow({ ...row!, detail: '{"address":"192.0.2.2","body":{"n":0}}' })).not.toBe(
    row!.row_hash,
  )
})

test('canonical JSON sorts keys at every depth and keeps the order of lists', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'é"\n', u: undefined })).toBe(
    '{"a":"é\\"\\n","b":[{"c":null,"d":1}]}',
  )
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value))
    }),
  )
})

test('what was written is intact, in one piece or page by page', () => {
  const rows = chainOf(7)
  const head = headOf(rows.at(-1)!)
  expect(verifyAudit(rows)).toEqual({ isIntact: true, head })
  expect(verifyAudit(rows.slice(3), headOf(rows[2]!))).toEqual({ isIntact: true, head })
  expect(verifyAudit([])).toEqual({ isIntact: true, head: genesis })
})

test('any edit of any column of any row is named by its number', () => {
  const rows = chainOf(5)
  const edits: Partial<AuditRow>[] = [
    { recorded_at: 1 as Micros },
    { request_id: 'other' },
    { actor: 'eve@example.com' },
    { role: 'viewer' },
    { action: 'kill' },
    { outcome: 'refused' },
    { status: 201 },
    { detail: '{}' },
    { detail: 'no JSON' },
    { previous_hash: 'f'.repeat(64) },
    { row_hash: 'f'.repeat(64) },
  ]
  fc.assert(
    fc.property(fc.nat(4), fc.constantFrom(...edits), (index, edit) => {
      const edited = rows.map((row, at) => (at === index ? { ...row, ...edit } : row))
      expect(verifyAudit(edited)).toMatchObject({ isIntact: false, sequence: index + 1 })
    }),
  )
})

test('an edit whose own hash was made to fit breaks the row behind it', () => {
  const rows = chainOf(5)
  const forged = { ...rows[1]!, actor: 'eve@example.com' }
  const fitted = { ...forged, row_hash: hashRow(forged) }
  expect(verifyAudit([rows[0]!, fitted, ...rows.slice(2)])).toMatchObject({
    isIntact: false,
    sequence: 3,
    problem: expect.stringMatching(/does not follow/),
  })
})

test('a row that was deleted, doubled or moved is named', () => {
  const rows = chainOf(5)
  const without = (index: number) => rows.filter((_, at) => at !== index)
  expect(verifyAudit(without(0))).toMatchObject({ isIntact: false, sequence: 1 })
  expect(verifyAudit(without(2))).toMatchObject({
    sequence: 3,
    problem: expect.stringMatching(/missing/),
  })
  const fork = chainRow(headOf(rows[1]!), plainRow(9))
  expect(verifyAudit([...rows.slice(0, 3), fork, ...rows.slice(3)])).toMatchObject({
    sequence: 3,
    problem: expect.stringMatching(/twice/),
  })
  const moved = [rows[0]!, { ...rows[2]!, sequence: 2 }, { ...rows[1]!, sequence: 3 }]
  expect(verifyAudit(moved)).toMatchObject({ isIntact: false, sequence: 2 })
})
