import { type RunningServer, serveGrpc, unary } from './grpc-server.ts'

export type WireJob = {
  readonly name: string
  readonly displayName?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly jobSpec?: {
    readonly workerPoolSpecs?: readonly {
      readonly machineSpec?: {
        readonly machineType?: string
        readonly acceleratorType?: string
        readonly acceleratorCount?: number
      }
      readonly containerSpec?: { readonly imageUri?: string; readonly args?: readonly string[] }
    }[]
    readonly scheduling?: { readonly strategy?: string }
    readonly serviceAccount?: string
    readonly tensorboard?: string
    readonly baseOutputDirectory?: { readonly outputUriPrefix?: string }
  }
  readonly state?: string
}

export type WireModel = {
  readonly name: string
  readonly versionId: string
  readonly versionDescription?: string
  readonly artifactUri?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly versionAliases: readonly string[]
}

export type VertexEmulator = RunningServer & {
  jobs(): readonly WireJob[]
  /** Puts a job into a state, as in `JOB_STATE_RUNNING`; a new job is pending. */
  setState(displayName: string, state: string): void
  versions(): readonly WireModel[]
}

type Uploaded = {
  readonly parent: string
  readonly parentModel?: string
  readonly modelId?: string
  readonly model: Partial<WireModel>
}

const uploadedType = 'type.googleapis.com/google.cloud.aiplatform.v1.UploadModelResponse'

/**
 * Vertex AI on this machine over gRPC: custom jobs that change state when told to, and versions of models.
 *
 * @throws TradingError PORT_TAKEN
 */
export async function startVertexEmulator(port = 0): Promise<VertexEmulator> {
  const jobs: WireJob[] = []
  const models = new Map<string, WireModel[]>()

  const server = await serveGrpc(
    {
      package: '@google-cloud/aiplatform',
      files: [
        'google/cloud/aiplatform/v1/job_service.proto',
        'google/cloud/aiplatform/v1/model_service.proto',
      ],
    },
    [
      { name: 'google.cloud.aiplatform.v1.JobService', methods: jobMethods(jobs) },
      { name: 'google.cloud.aiplatform.v1.ModelService', methods: modelMethods(models) },
    ],
    port,
  )
  return {
    ...server,
    jobs: () => jobs,
    setState(displayName, state) {
      const index = jobs.findIndex((job) => job.displayName === displayName)
      const job = jobs[index]
      if (job !== undefined) jobs[index] = { ...job, state }
    },
    versions: () => [...models.values()].flat(),
  }
}

function jobMethods(jobs: WireJob[]) {
  return {
    createCustomJob: unary(
      ({ parent, customJob }: { readonly parent: string; readonly customJob: WireJob }) => {
        const name = `${parent}/customJobs/${jobs.length + 1}`
        const job = { ...customJob, name, state: 'JOB_STATE_PENDING' }
        jobs.push(job)
        return job
      },
    ),
    getCustomJob: unary(({ name }: { readonly name: string }) => {
      const job = jobs.find((candidate) => candidate.name === name)
      if (job === undefined) throw { code: 5, details: `no job ${name}` }
      return job
    }),
    listCustomJobs: unary(
      ({ parent, filter = '' }: { readonly parent: string; readonly filter?: string }) => {
        const [, label, value] = /^labels\.(\w+)="([^"]*)"$/.exec(filter) ?? []
        if (filter !== '' && label === undefined)
          throw { code: 12, details: `the filter '${filter}' is not emulated` }
        return {
          customJobs: jobs.filter(
            ({ name, labels }) =>
              name.startsWith(`${parent}/`) && (label === undefined || labels?.[label] === value),
          ),
        }
      },
    ),
  }
}

function modelMethods(models: Map<string, WireModel[]>) {
  const versionsOf = (name: string) => {
    const versions = models.get(name)
    if (versions === undefined) throw { code: 5, details: `no model ${name}` }
    return versions
  }
  return {
    uploadModel: unary(({ parent, parentModel, modelId, model }: Uploaded) => {
      const name = parentModel || `${parent}/models/${modelId || models.size + 1}`
      if (parentModel) versionsOf(parentModel)
      else if (models.has(name)) throw { code: 6, details: `model ${name} exists` }
      const versions = models.get(name) ?? []
      const versionId = String(versions.length + 1)
      // The first version is the default one, as the registry has it.
      const versionAliases = versionId === '1' ? ['default'] : []
      versions.push({ ...model, name, versionId, versionAliases })
      models.set(name, versions)
      return {
        name: `${name}/operations/${versionId}`,
        done: true,
        response: { '@type': uploadedType, model: name, modelVersionId: versionId },
      }
    }),
    listModelVersions: unary(({ name }: { readonly name: string }) => ({
      models: versionsOf(name),
    })),
    mergeVersionAliases: unary(
      (request: { readonly name: string; readonly versionAliases?: readonly string[] }) => {
        const [name = '', versionId = ''] = request.name.split('@')
        const versions = versionsOf(name)
        const index = versions.findIndex((version) => version.versionId === versionId)
        const version = versions[index]
        if (version === undefined) throw { code: 5, details: `no version ${request.name}` }
        const asked = request.versionAliases ?? []
        const taken = versions.find(
          (other) => other !== version && asked.some((one) => other.versionAliases.includes(one)),
        )
        // The stricter reading of the documentation: an alias is not taken from another version.
        if (taken !== undefined)
          throw { code: 3, details: `version ${taken.versionId} has one of ${asked.join(', ')}` }
        const removed = asked.filter((one) => one.startsWith('-')).map((one) => one.slice(1))
        const added = asked.filter((one) => !one.startsWith('-'))
        const kept = version.versionAliases.filter((one) => !removed.includes(one))
        const merged = { ...version, versionAliases: [...new Set([...kept, ...added])] }
        versions[index] = merged
        return merged
      },
    ),
  }
}
