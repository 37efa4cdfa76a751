import * as gcp from '@pulumi/gcp'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { type BucketName, buckets } from '#shared/cloud/manifest/bucket.ts'
import type { Place } from './place.ts'

export type Buckets = Readonly<Record<BucketName, gcp.storage.Bucket>>

/** The buckets of the manifest, closed to the world. */
export function createBuckets({ config, after }: Place): Buckets {
  return Object.fromEntries(
    (Object.keys(buckets) as BucketName[]).map((name) => [
      name,
      new gcp.storage.Bucket(
        `bucket-${name}`,
        {
          name: bucketName(config.projectId, name),
          location: config.region.toUpperCase(),
          labels: config.labels,
          uniformBucketLevelAccess: true,
          publicAccessPrevention: 'enforced',
          versioning: { enabled: buckets[name].isVersioned },
          softDeletePolicy: { retentionDurationSeconds: 604_800 },
          lifecycleRules: lifecycleRules(name),
          forceDestroy: false,
        },
        { ...after, protect: true },
      ),
    ]),
  ) as Record<BucketName, gcp.storage.Bucket>
}

function lifecycleRules(name: BucketName) {
  const { retentionDays, coldAfterDays, isVersioned } = buckets[name]
  return [
    ...(coldAfterDays === null
      ? []
      : [
          {
            action: { type: 'SetStorageClass', storageClass: 'COLDLINE' },
            condition: { age: coldAfterDays, matchesStorageClasses: ['STANDARD'] },
          },
        ]),
    ...(retentionDays === null
      ? []
      : [{ action: { type: 'Delete' }, condition: { age: retentionDays } }]),
    // The lease is written every few seconds: without this its old versions would pile up.
    ...(isVersioned
      ? [
          {
            action: { type: 'Delete' },
            condition: { numNewerVersions: 5, daysSinceNoncurrentTime: 7, withState: 'ARCHIVED' },
          },
        ]
      : []),
    { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
  ]
}
