import { expect, test } from 'vitest'
import { startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { startSecretEmulator } from '#shared/cloud/emulator/secret-store.ts'
import { readGcpEnvironment } from '#shared/cloud/gcp/environment.ts'
import { openGcpPlatform } from '#shared/cloud/gcp/platform.ts'

const variables = {
  ASTERAI_SERVICE: 'console',
  GOOGLE_CLOUD_PROJECT: 'asterai-dev',
  ASTERAI_REGION: 'asia-southeast1',
}

test('a platform opens from its environment, hands over what was published, and closes', async () => {
  const pubsub = await startPubsubEmulator()
  const secrets = await startSecretEmulator({ 'alert-webhook': 'https://hook.example' })
  const platform = await openGcpPlatform(
    readGcpEnvironment({
      ...variables,
      ASTERAI_SECRET_VERSIONS: 'alert-webhook=1',
      PUBSUB_EMULATOR_HOST: pubsub.host,
      SECRET_MANAGER_EMULATOR_HOST: secrets.host,
    }),
    {
      onFault: (fault) => {
        throw fault
      },
      sender: 'console-1',
    },
  )
  expect(platform.secrets.get('alert-webhook')).toBe('https://hook.example')
  const heard = new Promise((resolve) => platform.bus.subscribe('status', resolve))
  platform.bus.publish('status', { state: 'running' })
  expect(await heard).toEqual({ state: 'running' })
  platform.bus.publish('equity', { rows: [] })
  await platform.close()
  expect(pubsub.published('equity')).toMatchObject([
    { orderingKey: 'console-1', attributes: { sender: 'console-1' } },
  ])
  await secrets.close()
  await pubsub.close()
})

test('a secret that cannot be read stops the start, by name', async () => {
  const pubsub = await startPubsubEmulator()
  const secrets = await startSecretEmulator()
  const opening = openGcpPlatform(
    readGcpEnvironment({
      ...variables,
      ASTERAI_SECRET_VERSIONS: 'aster-agent-key=2',
      PUBSUB_EMULATOR_HOST: pubsub.host,
      SECRET_MANAGER_EMULATOR_HOST: secrets.host,
    }),
    { onFault: () => {} },
  )
  await expect(opening).rejects.toMatchObject({
    code: 'PLATFORM_REFUSED',
    message: expect.stringContaining('version 2 of secret aster-agent-key'),
  })
  await secrets.close()
  await pubsub.close()
})
