import { afterEach, describe, expect, test } from 'vitest'
import { type SecretEmulator, startSecretEmulator } from '#shared/cloud/emulator/secret-store.ts'
import { openGcpSecrets } from '#shared/cloud/gcp/secrets.ts'
import { secretsConformance } from '#test/contract/secrets.conformance.ts'

const opened: SecretEmulator[] = []

async function start(values: Readonly<Record<string, string>>): Promise<SecretEmulator> {
  const emulator = await startSecretEmulator(values)
  opened.push(emulator)
  return emulator
}

afterEach(async () => {
  for (const emulator of opened.splice(0)) await emulator.close()
})

const pinnedOnes = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.keys(values).map((name) => [name, 1]))

describe('secrets of Secret Manager', () => {
  secretsConformance(async (values) => {
    const { host } = await start(values)
    return openGcpSecrets({ projectId: 'p', versions: pinnedOnes(values), endpoint: host })
  })
})

test('the pinned version is read, and a newer one is not', async () => {
  const emulator = await start({ 'alert-webhook': 'https://one.example' })
  emulator.add('alert-webhook', 'https://two.example')
  const secrets = await openGcpSecrets({
    projectId: 'p',
    versions: { 'alert-webhook': 1 },
    endpoint: emulator.host,
  })
  expect(secrets.get('alert-webhook')).toBe('https://one.example')
  expect(secrets.get('ALERT_WEBHOOK_URL')).toBe('https://one.example')
  expect(emulator.accessed()).toEqual(['projects/p/secrets/alert-webhook/versions/1'])
})

test('an absent version is refused by name', async () => {
  const { host } = await start({ 'alert-webhook': 'x' })
  await expect(
    openGcpSecrets({ projectId: 'p', versions: { 'alert-webhook': 7 }, endpoint: host }),
  ).rejects.toMatchObject({
    code: 'PLATFORM_REFUSED',
    message: expect.stringContaining('version 7 of secret alert-webhook'),
  })
})

test.each([Number.NaN, 0, 1.5, 'latest' as unknown as number])(
  'version %s is refused before anything is read',
  async (version) => {
    const emulator = await start({ 'alert-webhook': 'x' })
    await expect(
      openGcpSecrets({
        projectId: 'p',
        versions: { 'alert-webhook': version },
        endpoint: emulator.host,
      }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(emulator.accessed()).toEqual([])
  },
)
