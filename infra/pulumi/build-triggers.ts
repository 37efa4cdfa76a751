import * as gcp from '@pulumi/gcp'
import type { Estate } from './access.ts'

/**
 * Cloud Build on a push: `check` previews what lands on main, `release` deploys what is tagged v*. The repository is
 * connected by a person once (Cloud Build, Repositories), which no program can do.
 */
export function createBuildTriggers({ place, identities }: Estate): void {
  const { config, after } = place
  if (config.cloudBuild !== 'yes' || config.github === undefined) return
  const [owner = '', name = ''] = config.github.repository.split('/')
  const triggers = {
    check: { push: { branch: '^main$' }, action: 'preview' },
    release: { push: { tag: '^v.*' }, action: 'up' },
  }
  for (const [trigger, { push, action }] of Object.entries(triggers))
    new gcp.cloudbuild.Trigger(
      `build-${trigger}`,
      {
        name: `${trigger}-${config.stack}`,
        location: config.region,
        description: `${action} on stack ${config.stack}`,
        filename: 'cloudbuild.yaml',
        github: { owner, name, push },
        serviceAccount: identities.others['ci-deployer'].name,
        substitutions: {
          _ACTION: action,
          _REGION: config.region,
          _STACK: config.stack,
        },
        tags: ['asterai', config.stack],
      },
      after,
    )
}
