import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'

const folder = new URL('.', import.meta.url)

/** A process that writes lines for as long as `body` does, whose reader leaves after the first bytes. */
async function readAndLeave(body: string, stream: 'stdout' | 'stderr' = 'stdout') {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', body], { cwd: folder })
  let said = ''
  child[stream === 'stdout' ? 'stderr' : 'stdout'].on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'close')
  await once(child[stream], 'data')
  child[stream].destroy()
  const [code, signal] = await ended
  return { code, signal, said }
}

describe('when nobody reads the output any more', () => {
  test.each(['stdout', 'stderr'] as const)(
    '%s: told once, and the work goes on',
    async (stream) => {
      const other = stream === 'stdout' ? 'stderr' : 'stdout'
      const body = `
      const { onOutputClosed } = await import('./closed-output.ts')
      let left = 20
      onOutputClosed(() => process.${other}.write('told '))
      const timer = setInterval(() => {
        process.${stream}.write('line '.repeat(20_000) + '\\n')
        if (--left > 0) return
        clearInterval(timer)
        process.${other}.write('done')
        process.exitCode = 3
      }, 10)`
      expect(await readAndLeave(body, stream)).toEqual({ code: 3, signal: null, said: 'told done' })
    },
  )

  test('a command line ends with the code of its work and says nothing of it', async () => {
    const body = `
      const { carryOut, runProcess } = await import('./run.ts')
      const command = { call: 'try', what: 'tries', options: {}, examples: ['try'] }
      await runProcess(carryOut(command, async (_, { say }) => {
        for (let line = 0; line < 20; line++) {
          say('line '.repeat(20_000))
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        return 1
      }))`
    expect(await readAndLeave(body)).toEqual({ code: 1, signal: null, said: '' })
  })
})
