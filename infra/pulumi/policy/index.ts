import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PolicyPack } from '@pulumi/policy'
import { allPolicies } from './policies.ts'

/** Entry of `pulumi preview --policy-pack infra/pulumi/policy`: the same rules over what the CLI sees. */
const runbook = readFileSync(join(import.meta.dirname, '../../../docs/runbook.md'), 'utf8')

new PolicyPack('asterai', {
  policies: allPolicies(runbook).map(({ name, description, check }) => ({
    name,
    description,
    enforcementLevel: 'mandatory',
    validateStack: ({ resources }, report) => {
      const declared = resources.map((resource) => ({
        type: resource.type,
        name: resource.name,
        inputs: resource.props,
        ignoreChanges: resource.opts.ignoreChanges,
        isProtected: resource.opts.protect,
      }))
      for (const violation of check(declared)) report(violation)
    },
  })),
})
