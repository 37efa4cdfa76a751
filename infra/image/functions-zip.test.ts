import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { bundle, repositoryRoot } from './bundle.ts'
import { functionsPlan } from './plan.ts'
import { zipFolder } from './zip.ts'

const started: ReturnType<typeof spawn>[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
})

const build = async (out: string) => {
  const folder = join(out, 'functions')
  const options = { root: repositoryRoot, name: 'functions', plan: functionsPlan, folder }
  await bundle({ ...options, withSourceMaps: false })
  return { folder, ...zipFolder(folder) }
}

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
    const first = await build(join(out, 'a'))
    const second = await build(join(out, 'b'))
    expect(second.sha256).toBe(first.sha256)

    const port = await freePort()
    const framework = join(
      repositoryRoot,
      'node_modules/@google-cloud/functions-framework/build/src/main.js',
    )
    const moved = join(out, 'unpacked')
    cpSync(first.folder, moved, { recursive: true })
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
