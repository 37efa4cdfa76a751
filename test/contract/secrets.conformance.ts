import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { Secrets } from '#shared/cloud/port.ts'

/** What every secret store does. Call inside a `describe`; `open` gives one that holds just these. */
export function secretsConformance(
  open: (values: Readonly<Record<string, string>>) => Promise<Secrets>,
): void {
  test('gives a secret by name', async () => {
    const secrets = await open({ ASTER_SIGNER: '0xabc', OTHER: 'x=y # z' })
    expect(secrets.get('ASTER_SIGNER')).toBe('0xabc')
    expect(secrets.get('OTHER')).toBe('x=y # z')
  })

  test.each(['ABSENT', 'EMPTY', 'toString', '__proto__'])(
    'an absent secret (%s) is named, and no other is',
    async (name) => {
      const secrets = await open({ ASTER_SIGNER: '0xabc', EMPTY: '' })
      let failure: unknown
      try {
        secrets.get(name)
      } catch (error) {
        failure = error
      }
      expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
      expect((failure as Error).message).toContain(name)
      expect(inspect(failure)).not.toContain('0xabc')
    },
  )

  test('printing the store shows no value', async () => {
    const secrets = await open({ ASTER_SIGNER: '0xabc' })
    secrets.get('ASTER_SIGNER')
    expect(inspect(secrets, { depth: 9, showHidden: true })).not.toContain('0xabc')
    expect(JSON.stringify(secrets)).not.toContain('0xabc')
  })
}
