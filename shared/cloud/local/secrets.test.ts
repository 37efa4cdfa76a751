import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { secretsConformance } from '#test/contract/secrets.conformance.ts'
import { openSecrets } from './secrets.ts'

async function dotEnv(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'asterai-secrets-')), '.env')
  await writeFile(path, text)
  return path
}

describe('secrets from the environment', () => {
  secretsConformance(async (values) => openSecrets({ environment: values, dotEnvPath: '/absent' }))
})

describe('secrets from a file', () => {
  secretsConformance(async (values) => {
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'`)
    return openSecrets({ environment: {}, dotEnvPath: await dotEnv(lines.join('\n')) })
  })
})

test('the environment wins over the file', async () => {
  const dotEnvPath = await dotEnv('A=file\nB=file\n')
  const secrets = openSecrets({ environment: { A: 'environment', B: '' }, dotEnvPath })
  expect([secrets.get('A'), secrets.get('B')]).toEqual(['environment', 'file'])
})

test('an unreadable file is an error that shows nothing of it', () => {
  expect(() => openSecrets({ environment: {}, dotEnvPath: tmpdir() })).toThrow(
    /cannot read .*EISDIR/,
  )
})
