import { type TopicName, topics } from '#shared/cloud/manifest/topic.ts'
import { at, type Policy, types, violators } from './policy.ts'

const weekSeconds = 604_800

/** Messages and calls between parts. */
export const messagingPolicies: readonly Policy[] = [
  {
    name: 'dead-letters-everywhere',
    description: 'A message that no reader can take is kept, not lost and not repeated for ever.',
    check: (stack) =>
      violators(
        stack,
        types.subscription,
        'has no dead-letter topic, or no back-off',
        (subscription) =>
          subscription.inputs.topic === 'dead-letters' ||
          (/topics\/dead-letters$/.test(
            String(at(subscription, 'deadLetterPolicy.deadLetterTopic')),
          ) &&
            at(subscription, 'retryPolicy.minimumBackoff') !== undefined),
      ),
  },
  {
    name: 'commands-outlive-an-outage',
    description:
      'What an executor must obey waits for it for a week: a kill that expires is a trader that starts again.',
    check: (stack) =>
      violators(
        stack,
        types.subscription,
        'forgets before a week is over',
        ({ inputs }) =>
          topics[String(inputs.topic) as TopicName]?.outlivesOutage !== true ||
          (Number.parseInt(String(inputs.messageRetentionDuration), 10) >= weekSeconds &&
            (inputs.expirationPolicy as { ttl?: string } | undefined)?.ttl === ''),
      ),
  },
  {
    name: 'audience-is-address',
    description: 'A token is good for exactly the address it is sent to.',
    check: (stack) => [
      ...violators(stack, types.schedule, 'its token is for another address, or for none', (job) =>
        /^https:\/\/run\.googleapis\.com\//.test(String(at(job, 'httpTarget.uri')))
          ? at(job, 'httpTarget.oauthToken.serviceAccountEmail') !== undefined
          : isSame(at(job, 'httpTarget.uri'), at(job, 'httpTarget.oidcToken.audience')),
      ),
      ...violators(
        stack,
        types.subscription,
        'its token is for another address, or for none',
        (subscription) =>
          subscription.inputs.pushConfig === undefined ||
          isSame(
            at(subscription, 'pushConfig.pushEndpoint'),
            at(subscription, 'pushConfig.oidcToken.audience'),
          ),
      ),
    ],
  },
]

const isSame = (address: unknown, audience: unknown): boolean =>
  typeof address === 'string' && address.startsWith('https://') && address === audience
