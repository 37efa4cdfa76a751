import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AuditRow } from '#shared/cloud/query/audit.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { canonicalJson, jsonDepthMax } from './canonical.ts'
import { type AuditHead, chainRow, continueChain, genesis, hashRow, headOf } from './chain.ts'
import { verifyAudit } from './check.ts'

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
  expect(row?.row_hash).toBe('a459715ab82eaa3bfd3ffd546dbcb908c2662fba1942a3907a26a4e99a226f7f')
})

test.each([
  ['spaces', '{ "address":"192.0.2.1","body":{"n":0}}'],
  ['another order of keys', '{"body":{"n":0},"address":"192.0.2.1"}'],
  ['another spelling of a number', '{"address":"192.0.2.1","body":{"n":0.0}}'],
  ['another spelling of a text', '{"address":"192.0.2.\\u0031","body":{"n":0}}'],
  // One reader takes the first of two keys, another the last.
  ['a second key of the same name', '{"address":"10.0.0.1","address":"192.0.2.1","body":{"n":0}}'],
  ['a number no double can hold', '{"address":"192.0.2.1","body":{"n":1e-999}}'],
])('a detail that means the same in another spelling was changed: %s', (_, detail) => {
  const [row] = chainOf(1)
  expect(hashRow({ ...row!, detail })).not.toBe(row!.row_hash)
  expect(verifyAudit([{ ...row!, detail }])).toMatchObject({
    isIntact: false,
    kind: 'changed',
    sequence: 1,
  })
})

test('canonical JSON of any depth up to the limit; beyond it a clear refusal, not the end of the stack', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  expect(canonicalJson(nested(jsonDepthMax))).toHaveLength(2 * jsonDepthMax)
  for (const depth of [jsonDepthMax + 1, 32_000])
    expect(() => canonicalJson(nested(depth))).toThrow(/nested deeper than 64 levels/)
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
  expect(verifyAudit(rows)).toEqual({ isIntact: true, head, joins: [] })
  expect(verifyAudit(rows.slice(3), headOf(rows[2]!))).toEqual({ isIntact: true, head, joins: [] })
  expect(verifyAudit([])).toEqual({ isIntact: true, head: genesis, joins: [] })
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
    kind: 'two-writers',
    sequence: 3,
    problem: expect.stringMatching(/from row 3 on the chain has two branches/),
  })
  const moved = [rows[0]!, { ...rows[2]!, sequence: 2 }, { ...rows[1]!, sequence: 3 }]
  expect(verifyAudit(moved)).toMatchObject({ isIntact: false, sequence: 2 })
})

describe('two writers at once', () => {
  /** Rows 1 and 2 of one console, then two of each of two. */
  const fork = () => {
    const rows = chainOf(2)
    const branch = (seed: number) => {
      const first = chainRow(headOf(rows[1]!), plainRow(seed))
      return [first, chainRow(headOf(first), plainRow(seed + 1))] as const
    }
    const [one, two] = [branch(10), branch(20)]
    return { rows, one, two, all: sorted([...rows, ...one, ...two]) }
  }
  const sorted = (rows: readonly AuditRow[]): AuditRow[] =>
    rows.toSorted((a, b) => a.sequence - b.sequence || (a.row_hash < b.row_hash ? -1 : 1))
  const joining = (rows: readonly AuditRow[], own?: AuditHead): AuditRow => {
    const { head, joins } = continueChain(rows.toReversed(), own)
    return chainRow(head, { ...plainRow(30), detail: canonicalJson({ joins }) })
  }

  test('are named as such, not as an edit', () => {
    expect(verifyAudit(fork().all)).toMatchObject({
      isIntact: false,
      kind: 'two-writers',
      sequence: 3,
    })
  })

  test('are one record again once a row joins them, whoever writes it', () => {
    const { all, one, two } = fork()
    for (const own of [undefined, headOf(one[1]), headOf(two[1]), headOf(one[0])]) {
      const last = joining(all, own)
      expect(verifyAudit([...all, last])).toEqual({
        isIntact: true,
        head: headOf(last),
        joins: [5],
      })
    }
  })

  test('a branch that is shorter is joined as well', () => {
    const { rows, one, two } = fork()
    const uneven = sorted([...rows, ...one, two[0]])
    const last = joining(uneven, headOf(two[0]))
    expect(last.sequence).toBe(5)
    expect(verifyAudit([...uneven, last])).toMatchObject({ isIntact: true, joins: [5] })
  })

  test('after that no row of either branch can be edited or taken away', () => {
    const { all } = fork()
    const whole = [...all, joining(all)]
    whole.forEach((row, index) => {
      const edited = whole.with(index, { ...row, actor: 'eve@example.com' })
      expect(verifyAudit(edited)).toMatchObject({ kind: 'changed', sequence: row.sequence })
      if (row === whole.at(-1)) return
      const rest = whole.toSpliced(index, 1)
      expect(verifyAudit(rest)).toMatchObject({ isIntact: false, kind: 'changed' })
    })
  })

  test('a branch that is added beside joined ones is named', () => {
    const { all, rows } = fork()
    const whole = [...all, joining(all)]
    const added = chainRow(headOf(rows[0]!), plainRow(40))
    expect(verifyAudit(sorted([...whole, added]))).toMatchObject({
      kind: 'two-writers',
      sequence: 2,
    })
  })

  test('a writer whose last row was replaced goes on from its own, so that the check finds it', () => {
    const { rows, one } = fork()
    const forged = chainRow(headOf(rows[1]!), { ...plainRow(10), actor: 'eve@example.com' })
    const table = [...rows, forged]
    const next = joining(table, headOf(one[0]))
    expect(next).toMatchObject({ sequence: 4, previous_hash: one[0].row_hash })
    expect(verifyAudit([...table, next])).toMatchObject({ kind: 'changed', sequence: 4 })
  })

  test('any interleaving of two consoles ends in one record', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 30 }), (turns) => {
        let table: AuditRow[] = []
        const own: (AuditHead | undefined)[] = [undefined, undefined]
        turns.forEach(([isSecond, looks], index) => {
          const who = Number(isSecond)
          const known = own[who]
          const found =
            looks || !known ? continueChain(table.toReversed(), known) : { head: known, joins: [] }
          const detail = canonicalJson(found.joins.length > 0 ? { joins: found.joins } : {})
          const row = chainRow(found.head, { ...plainRow(index), detail })
          table = sorted([...table, row])
          own[who] = headOf(row)
        })
        expect(verifyAudit(table)).not.toMatchObject({ kind: 'changed' })
        expect(verifyAudit([...table, joining(table)])).toMatchObject({ isIntact: true })
      }),
    )
  })
})
