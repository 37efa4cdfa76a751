import { randomBytes } from 'node:crypto'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { runLife } from '#shared/cloud/process/life.ts'
import { runCloudExecutor } from './cloud.ts'
import { readExecutorConfig } from './config.ts'
import type { ExecutorPlatform } from './trade.ts'

await runLife({ name: 'executor' }, async (life) => {
  const config = readExecutorConfig(process.env)
  const { endpointUrl, readGcpEnvironment } = await import('#shared/cloud/gcp/environment.ts')
  const environment = readGcpEnvironment(process.env)
  const holder = `${process.env.K_REVISION ?? 'executor'}-${randomBytes(4).toString('hex')}`

  const openPlatform = async (onFault: (line: string) => void): Promise<ExecutorPlatform> => {
    const [
      { openGcpPlatform },
      { openStorageLease },
      { openStorageRegister },
      { createWallClock },
    ] = await Promise.all([
      import('#shared/cloud/gcp/platform.ts'),
      import('#shared/cloud/gcp/lease.ts'),
      import('#shared/cloud/gcp/register.ts'),
      import('#shared/cloud/local/runtime.ts'),
    ])
    const platform = await openGcpPlatform(environment, {
      sender: holder,
      onFault: (error) => onFault(error.message),
    })
    const state = {
      project: environment.projectId,
      bucket: bucketName(environment.bucketPrefix, 'state'),
      ...(environment.endpoints.storage && {
        endpoint: endpointUrl(environment.endpoints.storage),
      }),
    }
    return {
      ...platform,
      register: (name) => openStorageRegister({ ...state, name }),
      lease: openStorageLease({
        ...state,
        name: 'executor/lease.json',
        clock: createWallClock(),
      }),
    }
  }
  await runCloudExecutor({ config, holder, openPlatform }, life)
})
