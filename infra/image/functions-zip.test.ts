import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { readConfig } from '../pulumi/config.ts'
import { filledIn, readStackFile } from '../pulumi/record.fixture.ts'
import { repositoryRoot } from './bundle.ts'
import { buildFunctionsZip } from './functions-zip.ts'

const started: ReturnType<typeof spawn>[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
})

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

test('two builds of the functions are the same bytes, and the framework serves what is in them', async () => {
  // Below the repository, so that the framework and its like are found without an installation.
  const out = mkdtempSync(join(repositoryRoot, 'node_modules', '.functions-'))
  try {
    const first = await buildFunctionsZip(join(out, 'a'))
    const second = await buildFunctionsZip(join(out, 'b'))
    expect(second.sha256).toBe(first.sha256)

    // What a deployment reads, and what the settings of a stack take.
    const told = JSON.parse(readFileSync(join(out, 'a/functions.json'), 'utf8')) as { zip: string }
    expect(readdirSync(join(out, 'a'))).toContain(told.zip.split('/').at(-1))
    expect(readFileSync(join(repositoryRoot, told.zip)).byteLength).toBeGreaterThan(10_000)
    const settings = { ...readStackFile('dev'), ...filledIn, 'asterai:functionsZip': told.zip }
    expect(readConfig('dev', settings).functionsZip).toBe(told.zip)

    const port = await freePort()
    const framework = join(
      repositoryRoot,
      'node_modules/@google-cloud/functions-framework/build/src/main.js',
    )
    const moved = join(out, 'unpacked')
    cpSync(join(out, 'a/functions'), moved, { recursive: true })
    const child = spawn(
      process.execPath,
      [framework, '--target=ingest-candles', `--port=${port}`, `--source=${moved}`],
      { cwd: moved, env: { PATH: process.env.PATH ?? '' }, stdio: 'ignore' },
    )
    started.push(child)
    const reply = await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { timeout: 20_000 })
    expect([reply.status, await reply.json()]).toEqual([
      405,
      { error: 'OPTION_INVALID', message: 'only POST is answered' },
    ])
  } finally {
    for (const child of started) child.kill('SIGKILL')
    const { rmSync } = await import('node:fs')
    rmSync(out, { recursive: true, force: true })
  }
})
