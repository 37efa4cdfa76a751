import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import { type Estate, grantProjectRole, memberOf } from './access.ts'
import { imageOf } from './artifacts.ts'
import type { Variables } from './environment.ts'

/** What training jobs need: an identity that reads data sets and writes models, and a place for their curves. */
export function createVertex(estate: Estate): Variables {
  const { place, identities, buckets } = estate
  const { config, after } = place
  const trainer = identities.others['vertex-trainer']
  const member = memberOf(trainer)
  for (const bucket of ['models', 'staging'] as const)
    new gcp.storage.BucketIAMMember(`vertex-trainer-writes-bucket-${bucket}`, {
      bucket: buckets[bucket].name,
      role: 'roles/storage.objectUser',
      member,
    })
  grantProjectRole(estate, 'vertex-trainer', member, 'asteraiTelemetryWriter')
  // Experiments are kept in the store of this name; there is one per region.
  new gcp.vertex.AiMetadataStore(
    'experiments',
    { name: 'default', region: config.gpuRegion, description: 'experiments of training jobs' },
    after,
  )
  const tensorboard = new gcp.vertex.AiTensorboard(
    'tensorboard',
    {
      displayName: 'asterai',
      region: config.gpuRegion,
      description: 'curves of training jobs',
      labels: config.labels,
    },
    after,
  )
  return {
    ASTERAI_TRAINING_SERVICE_ACCOUNT: trainer.email,
    ASTERAI_TENSORBOARD: tensorboard.id,
    // Vertex AI shows every bucket as a folder.
    TRAINING_MODELS_PATH: pulumi.interpolate`/gcs/${buckets.models.name}`,
    ...(config.release === undefined
      ? {}
      : {
          TRAINING_IMAGE: imageOf(place, 'trainer', config.release),
          ASTERAI_SERVING_IMAGE: imageOf(place, 'inference', config.release),
        }),
  }
}
