import { describe, expect, test } from 'vitest'
import { recordStack } from '../record.fixture.ts'
import { runbook } from '../stack.conformance.ts'
import { breaks } from './broken.fixture.ts'
import { anchorsOf } from './monitoring.ts'
import { allPolicies } from './policies.ts'

const stack = await recordStack('prod')
const policies = allPolicies(runbook)
const failing = (broken: typeof stack) =>
  policies.filter(({ check }) => check(broken).length > 0).map(({ name }) => name)

test('the stack as it is keeps every policy', () => {
  expect(failing(stack)).toEqual([])
})

test('every policy is shown to fail', () => {
  expect(Object.keys(breaks).sort()).toEqual(policies.map(({ name }) => name).sort())
})

describe.each(Object.entries(breaks))('%s', (name, ways) => {
  test.each(ways)('refuses: %s', (_, broken) => {
    expect(failing(broken(stack))).toEqual([name])
  })
})

test('without a heading in the runbook every alert is refused', () => {
  const [policy] = allPolicies('# Runbook').filter(({ name }) => name === 'alert-for-everything')
  expect(policy?.check(stack).length).toBeGreaterThan(10)
})

test('an anchor is its heading in small letters with dashes', () => {
  expect([...anchorsOf('# A Run-book!\ntext # no\n## two  words')]).toEqual([
    'a-run-book',
    'two--words',
  ])
})
