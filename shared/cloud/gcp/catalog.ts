import { TradingError } from '#shared/kernel/error.ts'
import type { ModelCatalog } from '../port.ts'
import { clientOptions } from './client.ts'
import type { GcpEnvironment } from './environment.ts'
import { isNotFound, platformFault } from './fault.ts'

export type GcpModelCatalog = ModelCatalog & { close(): Promise<void> }

/** The model whose versions are the models we train. */
const catalogModel = 'asterai-direction'
const promotedAlias = 'promoted'

/**
 * The model registry of Vertex AI: one model, a version per trained one. The exact id of ours is the description of the
 * version, because labels and aliases allow fewer characters.
 *
 * @throws TradingError CONFIG_INVALID when no serving image is configured; the registry wants one for each version
 */
export async function openGcpModelCatalog(
  environment: Pick<GcpEnvironment, 'projectId' | 'region' | 'endpoints' | 'training'>,
): Promise<GcpModelCatalog> {
  const { projectId, region, endpoints, training } = environment
  if (training.servingImage === undefined)
    throw new TradingError(
      'CONFIG_INVALID',
      'ASTERAI_SERVING_IMAGE is not set; the model registry names the image that serves a version',
    )
  const imageUri = training.servingImage
  const { ModelServiceClient } = await import('@google-cloud/aiplatform')
  const client = new ModelServiceClient(
    await clientOptions(projectId, endpoints.vertex, `${region}-aiplatform.googleapis.com`),
  )
  const parent = `projects/${projectId}/locations/${region}`
  const parentModel = `${parent}/models/${catalogModel}`

  /** @returns undefined when no version was ever registered */
  const versions = async () => {
    try {
      const [found] = await client.listModelVersions({ name: parentModel })
      return found
    } catch (cause) {
      if (isNotFound(cause)) return undefined
      throw cause
    }
  }

  return {
    async register({ modelId, blobUri, labels }) {
      const what = `version ${modelId} of ${parentModel}`
      try {
        const known = await versions()
        const same = known?.find(({ versionDescription }) => versionDescription === modelId)
        if (same) return versionName(parentModel, same.versionId, what)
        const [operation] = await client.uploadModel({
          parent,
          ...(known === undefined ? { modelId: catalogModel } : { parentModel }),
          model: {
            displayName: catalogModel,
            versionDescription: modelId,
            artifactUri: blobUri,
            labels: labelsOf(labels),
            containerSpec: { imageUri },
          },
        })
        const [{ modelVersionId }] = await operation.promise()
        return versionName(parentModel, modelVersionId, what)
      } catch (cause) {
        throw platformFault(cause, what)
      }
    },
    async promote(name) {
      try {
        // Taken from its holder first: whether adding an alias moves it is not documented.
        for (const { versionId, versionAliases } of (await versions()) ?? []) {
          const holder = `${parentModel}@${versionId}`
          if (versionAliases?.includes(promotedAlias) && holder !== name)
            await client.mergeVersionAliases({
              name: holder,
              versionAliases: [`-${promotedAlias}`],
            })
        }
        await client.mergeVersionAliases({ name, versionAliases: [promotedAlias] })
      } catch (cause) {
        throw platformFault(cause, `promoting ${name}`)
      }
    },
    close: () => client.close(),
  }
}

function versionName(model: string, version: string | null | undefined, what: string): string {
  if (!version) throw new TradingError('WIRE_SHAPE_UNKNOWN', `${what} was given no number`)
  return `${model}@${version}`
}

/** Labels of Google Cloud: lower case, at most 63 characters; what does not fit is replaced, never dropped. */
const labelsOf = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [labelText(name), labelText(value)]),
  )

const labelText = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '_')
    .slice(0, 63)
