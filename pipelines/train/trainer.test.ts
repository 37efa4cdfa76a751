import { afterEach, describe, expect, it, vi } from 'vitest'
import { trainModel } from './trainer.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('training', () => {
  it('says how to get uv when it is not there', async () => {
    vi.stubEnv('PATH', '/nowhere')
    await expect(trainModel({ dataset: 'a', out: 'b', settings: {} })).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: expect.stringContaining('pip install uv=='),
    })
  })
})
