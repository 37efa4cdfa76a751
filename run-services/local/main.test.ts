import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureConsoleBuilt } from '#services/console/build.ts'

// The runs below start at once, and each would build the page into the same folder.
beforeAll(() => ensureConsoleBuilt(), 60_000)

type Started = { readonly child: ChildProcess; readonly folder: string; said(): string }

function start(folder = mkdtempSync(join(tmpdir(), 'asterai-start-'))): Started {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, '--folder', folder, '--port', '0'])
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  return { child, folder, said: () => text }
}

async function saidOf({ child, said }: Started, words: string): Promise<void> {
  while (!said().includes(words)) await once(child.stdout!, 'data')
}

function summaryIn(folder: string): { accountCheck: { exact: boolean } } {
  const run = readdirSync(folder).find((name) => /^\d{8}T/.test(name))
  return JSON.parse(readFileSync(join(folder, run!, 'summary.json'), 'utf8'))
}

describe('a run ends in good order', { timeout: 60_000 }, () => {
  test.concurrent('when its terminal is closed', async () => {
    const run = start()
    await saidOf(run, 'open http')
    run.child.kill('SIGHUP')
    const [code, signal] = await once(run.child, 'close')
    expect([code, signal]).toEqual([0, null])
    expect(run.said()).toContain('stopping: canceling orders, closing the books')
    expect(summaryIn(run.folder).accountCheck.exact).toBe(true)
  })

  test.concurrent('and a second one in its folder is refused meanwhile, with 2', async () => {
    const run = start()
    await saidOf(run, 'open http')
    const second = start(run.folder)
    const [code] = await once(second.child, 'close')
    expect([code, second.said().trim().split('\n').length]).toEqual([2, 2])
    expect(second.said()).toMatch(/error: another run is going on in .* with another --folder/)
    run.child.kill('SIGINT')
    expect(await once(run.child, 'close')).toEqual([0, null])
  })

  test.concurrent('when nobody reads what it prints', async () => {
    const run = start()
    await saidOf(run, 'starting run')
    run.child.stdout!.destroy()
    const [code, signal] = await once(run.child, 'close')
    expect([code, signal]).toEqual([0, null])
    expect(run.said()).not.toContain('EPIPE')
  })
})
