import { alerts } from '#shared/cloud/manifest/alert.ts'
import { at, type DeclaredResource, ofType, type Policy, types } from './policy.ts'

/** Headings of a Markdown text as the anchors that links use. */
export const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(
    [...markdown.matchAll(/^#{1,4} +(.+)$/gm)].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replace(/\s/g, '-'),
    ),
  )

/** @param runbook - text of docs/runbook.md */
export const monitoringPolicies = (runbook: string): readonly Policy[] => [
  {
    name: 'budget-present',
    description: 'A budget tells people and the spend guard at 50, 80 and 100 %.',
    check: (stack) => {
      const budgets = ofType(stack, types.budget)
      if (budgets.length === 0) return ['there is no budget: set asterai:billingAccount']
      return budgets
        .filter((budget) => !isComplete(budget))
        .map(({ name }) => `${name}: tells nobody, or too late`)
    },
  },
  {
    name: 'alert-for-everything',
    description:
      'Every alert of the manifest has a policy, and each leads to what a person should do.',
    check: (stack) => {
      const anchors = anchorsOf(runbook)
      const declared = ofType(stack, types.alertPolicy)
      const names = declared.map(({ inputs }) => String(inputs.displayName))
      return [
        ...Object.keys(alerts)
          .filter((name) => !names.includes(name))
          .map((name) => `${name}: has no alert policy`),
        ...declared.flatMap((alert) => faultsOf(alert, anchors)),
      ]
    },
  },
]

const isComplete = (budget: DeclaredResource): boolean => {
  const shares = (at(budget, 'thresholdRules') as readonly { thresholdPercent: number }[]) ?? []
  return (
    [0.5, 0.8, 1].every((share) => shares.some((rule) => rule.thresholdPercent === share)) &&
    /topics\/budget-notices$/.test(String(at(budget, 'allUpdatesRule.pubsubTopic')))
  )
}

function faultsOf(alert: DeclaredResource, anchors: ReadonlySet<string>): readonly string[] {
  const name = String(alert.inputs.displayName)
  const link = /#([\w-]+)$/.exec(String(at(alert, 'documentation.content')))?.[1]
  const channels = (alert.inputs.notificationChannels as readonly unknown[]) ?? []
  const conditions = (alert.inputs.conditions as readonly unknown[]) ?? []
  return [
    ...(Object.hasOwn(alerts, name) ? [] : [`${name}: is not in the manifest`]),
    ...(link !== undefined && link === name && anchors.has(link)
      ? []
      : [`${name}: docs/runbook.md has no heading of that name, or the alert does not link to it`]),
    ...(channels.length > 0 ? [] : [`${name}: is sent to nobody`]),
    ...(conditions.length > 0 ? [] : [`${name}: looks at nothing`]),
  ]
}
