import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allPolicies } from './policy/policies.ts'
import type { DeclaredResource } from './policy/policy.ts'
import { root } from './record.fixture.ts'
import { snapshotText } from './snapshot.ts'

export const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8')

/** What every stack must show: its snapshot is reviewed and every policy holds. */
export function stackConformance(name: string, stack: readonly DeclaredResource[]): void {
  test(`${name} is what its snapshot says; after a wanted change: npx vitest run infra/pulumi -u`, async () => {
    await expect(snapshotText(stack)).toMatchFileSnapshot(`snapshot/${name}.json`)
  })

  test.each(allPolicies(runbook))(`${name} keeps $name`, ({ check }) => {
    expect(check(stack)).toEqual([])
  })

  test(`${name} has no two resources of one type and name`, () => {
    const keys = stack.map((resource) => `${resource.type} ${resource.name}`)
    expect(new Set(keys).size).toBe(keys.length)
  })
}
