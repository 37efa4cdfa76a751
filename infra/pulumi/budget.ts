import * as gcp from '@pulumi/gcp'
import type { Messaging } from './messaging.ts'
import type { Place } from './place.ts'

/** Shares of the budget at which people are told and the spend guard is called. */
const budgetShares = [0.5, 0.8, 1] as const

/**
 * The budget of the project. Spend is known up to a day late, so this alone caps nothing: the spend guard also counts
 * GPU hours. Nothing here ever unlinks billing, which would stop the executor with positions open.
 */
export function createBudget(
  { config, after }: Place,
  messaging: Messaging,
  channels: gcp.monitoring.NotificationChannel[],
): void {
  if (config.billingAccount === undefined) return
  // The API asks which project to charge its own calls to.
  const provider = new gcp.Provider('billing', {
    project: config.projectId,
    billingProject: config.projectId,
    userProjectOverride: true,
  })
  const topic = messaging.topics['budget-notices']
  const publisher = new gcp.pubsub.TopicIAMMember('billing-publishes-notices', {
    topic: topic.name,
    role: 'roles/pubsub.publisher',
    member: 'serviceAccount:billing-budget-alert@system.gserviceaccount.com',
  })
  new gcp.billing.Budget(
    'budget',
    {
      billingAccount: config.billingAccount,
      displayName: `asterai-${config.stack}`,
      budgetFilter: {
        projects: [`projects/${config.projectNumber}`],
        calendarPeriod: 'MONTH',
        creditTypesTreatment: 'EXCLUDE_ALL_CREDITS',
      },
      amount: {
        specifiedAmount: {
          currencyCode: config.budget.currency,
          units: String(Math.ceil(config.budget.amount)),
        },
      },
      thresholdRules: [
        ...budgetShares.map((thresholdPercent) => ({
          thresholdPercent,
          spendBasis: 'CURRENT_SPEND',
        })),
        { thresholdPercent: 1, spendBasis: 'FORECASTED_SPEND' },
      ],
      allUpdatesRule: {
        pubsubTopic: topic.id,
        schemaVersion: '1.0',
        monitoringNotificationChannels: channels.map(({ id }) => id),
        disableDefaultIamRecipients: false,
      },
    },
    { provider, dependsOn: [publisher, ...after.dependsOn] },
  )
}
