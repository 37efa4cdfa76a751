import { runLife } from '#shared/cloud/process/life.ts'
import { runCloudCollector } from './cloud.ts'
import { readCollectorConfig } from './config.ts'

await runLife({ name: 'collector' }, async (life) => {
  const config = readCollectorConfig(process.env)
  const { readGcpEnvironment } = await import('#shared/cloud/gcp/environment.ts')
  const environment = readGcpEnvironment(process.env)
  const openPlatform = async (onFault: (line: string) => void) => {
    const { openGcpPlatform } = await import('#shared/cloud/gcp/platform.ts')
    return await openGcpPlatform(environment, { onFault: (error) => onFault(error.message) })
  }
  await runCloudCollector({ config, openPlatform }, life)
})
