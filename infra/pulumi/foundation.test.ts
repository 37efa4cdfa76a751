import { expect, test } from 'vitest'
import { allPolicies } from './policy/policies.ts'
import { ofType, types } from './policy/policy.ts'
import { filledIn, recordStack } from './record.fixture.ts'
import { runbook } from './stack.conformance.ts'

const later = ['asterai:release', 'asterai:functionsZip', 'asterai:secretVersions']
for (const key of later) delete (filledIn as Record<string, string>)[key]
const stack = await recordStack('dev')

test('before the first release there is everything that needs no image', () => {
  for (const type of [types.bucket, types.topic, types.table, types.registry, types.secret])
    expect(ofType(stack, type).length).toBeGreaterThan(0)
  for (const type of [types.function, types.service, types.workerPool, types.job, types.schedule])
    expect(ofType(stack, type)).toEqual([])
})

test.each(allPolicies(runbook))('the foundation keeps $name', ({ check }) => {
  expect(check(stack)).toEqual([])
})
