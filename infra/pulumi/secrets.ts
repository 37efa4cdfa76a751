import * as gcp from '@pulumi/gcp'
import { type SecretName, secrets } from '#shared/cloud/manifest/secret.ts'
import type { Place } from './place.ts'

export type Secrets = Readonly<Record<SecretName, gcp.secretmanager.Secret>>

/** Empty places for secrets. A person puts the values in, so that none ever stands in code or state. */
export function createSecrets({ config, after }: Place): Secrets {
  return Object.fromEntries(
    (Object.keys(secrets) as SecretName[]).map((name) => [
      name,
      new gcp.secretmanager.Secret(
        `secret-${name}`,
        {
          secretId: name,
          labels: config.labels,
          replication: { userManaged: { replicas: [{ location: config.region }] } },
          // A destroyed version can be brought back for a week.
          versionDestroyTtl: '604800s',
          deletionProtection: true,
        },
        after,
      ),
    ]),
  ) as Record<SecretName, gcp.secretmanager.Secret>
}

/** `name=3,other=1` for those of `names` that have a version in use. */
export function secretVersionsText(
  { config }: Place,
  names: readonly SecretName[],
): string | undefined {
  const pinned = names.flatMap((name) => {
    const version = config.secretVersions[name]
    return version === undefined ? [] : [`${name}=${version}`]
  })
  return pinned.length === 0 ? undefined : pinned.join(',')
}
