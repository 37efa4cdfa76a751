import { readGcpEnvironment } from '#shared/cloud/gcp/environment.ts'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { openGcpPlatform } from '#shared/cloud/gcp/platform.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { type FunctionName, type FunctionSpec, functions } from '#shared/cloud/manifest/function.ts'
import type { ModelCatalog, ServiceScaling, Training } from '#shared/cloud/port.ts'
import { logAlerts } from '#shared/cloud/telemetry/alert-log.ts'
import { logFault, processLog } from '#shared/cloud/telemetry/log.ts'
import { venuePorts } from './environment.ts'
import type { FunctionPorts } from './function-call.ts'
import { readSettings } from './settings.ts'

/**
 * The ports of one function in Google Cloud. The clients of jobs, models and scaling are loaded by the functions that
 * the manifest lets use them, and by none else.
 *
 * @throws TradingError CONFIG_INVALID, PLATFORM_UNREACHABLE, PLATFORM_REFUSED
 */
export async function openGcpPorts(
  name: FunctionName,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<FunctionPorts & { close(): Promise<void> }> {
  const granted: FunctionSpec = functions[name]
  const environment = readGcpEnvironment({ ASTERAI_SERVICE: name, ...variables })
  const settings = readSettings(variables)
  const log = processLog(name)
  const platform = await openGcpPlatform(environment, {
    onFault: (fault) => logFault(log, fault, 'ERROR'),
  })
  const runtime = createLocalRuntime()
  const closers: (() => Promise<void> | void)[] = [() => platform.close(), () => runtime.close()]

  let scaling: ServiceScaling = nothingToScale
  let training: Training | undefined
  let catalog: ModelCatalog | undefined
  if (granted.scales.length > 0) {
    const { openGcpScaling } = await import('#shared/cloud/gcp/scaling.ts')
    const opened = await openGcpScaling(environment)
    scaling = opened
    closers.push(() => opened.close())
  }
  if (granted.trains && name === 'start-training') {
    const { openGcpTraining } = await import('#shared/cloud/gcp/training.ts')
    const opened = await openGcpTraining(environment)
    training = opened
    closers.push(() => opened.close())
  }
  if (granted.trains && name === 'promote-model') {
    const { openGcpModelCatalog } = await import('#shared/cloud/gcp/catalog.ts')
    const opened = await openGcpModelCatalog(environment)
    const folder = `gs://${bucketName(environment.bucketPrefix, 'models')}`
    catalog = {
      register: (model) => opened.register({ ...model, blobUri: `${folder}/${model.blobUri}` }),
      promote: (versionName) => opened.promote(versionName),
    }
    closers.push(() => opened.close())
  }
  return {
    ...venuePorts(runtime, variables, platform.secrets),
    warehouse: platform.warehouse,
    clock: runtime.clock,
    http: runtime.http,
    // The platform's alert policies count lines of the log.
    bus: logAlerts(platform.bus, log),
    blobs: platform.blobs,
    secrets: platform.secrets,
    scaling,
    training,
    catalog,
    settings: {
      ...settings,
      // Vertex shows buckets to a job as folders.
      trainingModelsPath:
        settings.trainingModelsPath ?? `/gcs/${bucketName(environment.bucketPrefix, 'models')}`,
    },
    openedUs: undefined,
    async close() {
      for (const close of closers.reverse()) await close()
    },
  }
}

/** For functions without the right to scale: the limits around the ports refuse before it is asked. */
const nothingToScale: ServiceScaling = {
  instanceCount: async () => undefined,
  setInstanceCount: async () => {},
}
