import * as gcp from '@pulumi/gcp'
import type { Place } from './place.ts'

/** Place of an image of ours; the tag is the release. */
export const imageOf = ({ config }: Place, name: string, release: string): string =>
  `${config.region}-docker.pkg.dev/${config.projectId}/asterai/${name}:${release}`

/** Images. A tag never changes what it means, and what is pushed is scanned. */
export function createRegistry({ config, after }: Place): gcp.artifactregistry.Repository {
  return new gcp.artifactregistry.Repository(
    'images',
    {
      repositoryId: 'asterai',
      location: config.region,
      format: 'DOCKER',
      description: 'images of AsterAI, one tag per release',
      labels: config.labels,
      dockerConfig: { immutableTags: true },
      vulnerabilityScanningConfig: { enablementConfig: 'INHERITED' },
      cleanupPolicyDryRun: false,
      cleanupPolicies: [
        { id: 'keep-newest', action: 'KEEP', mostRecentVersions: { keepCount: 20 } },
        {
          id: 'delete-old',
          action: 'DELETE',
          condition: { olderThan: '7776000s', tagState: 'ANY' },
        },
      ],
    },
    after,
  )
}
