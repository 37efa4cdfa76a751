import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
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

/** Stands for uv and Python: says that it runs, and writes down what ended it. */
const standIn = (folder: string): string => `#!/usr/bin/env node
const { writeFileSync } = require('node:fs')
const end = (why) => {
  writeFileSync(${JSON.stringify(join(folder, 'ended'))}, why)
  process.exit(130)
}
process.on('SIGTERM', () => end('SIGTERM'))
process.stdin.on('end', () => setImmediate(end, 'end of input')).resume()
process.stderr.write('training')
setInterval(() => {}, 1_000)
`

/** A process that trains, with the stand-in under the name of uv; resolves once that runs. */
async function startTraining() {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-trainer-'))
  const uv = join(folder, 'uv')
  writeFileSync(uv, standIn(folder))
  chmodSync(uv, 0o755)
  const script = `const { trainModel } = await import(${JSON.stringify(new URL('./trainer.ts', import.meta.url).href)})
    await trainModel({ dataset: 'a', out: 'b', settings: {} }).catch(({ code, message }) => console.log(code, message))`
  const path = [folder, dirname(process.execPath), process.env.PATH].join(delimiter)
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, PATH: path },
  })
  const said = { out: '' }
  child.stdout.on('data', (chunk) => {
    said.out += chunk
  })
  await once(child.stderr, 'data')
  return { child, said, ended: join(folder, 'ended') }
}

describe('a training that is no longer wanted', { timeout: 30_000 }, () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends with %s', async (signal) => {
    const { child, said, ended } = await startTraining()
    child.kill(signal)
    const [code] = await once(child, 'close')
    expect([code, said.out.trim()]).toEqual([
      0,
      `INTERRUPTED stopped by ${signal}; no model was stored`,
    ])
    expect(existsSync(ended)).toBe(true)
  })

  it('ends when its parent was killed and could say nothing', async () => {
    const { child, ended } = await startTraining()
    // The stand-in holds standard error: it closes with the last of the two.
    const closed = once(child.stderr, 'close')
    child.kill('SIGKILL')
    await closed
    expect(existsSync(ended)).toBe(true)
  })
})
