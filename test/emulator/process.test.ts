import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { startTool } from '#shared/cloud/emulator/process.ts'
import { startStorageEmulator } from '#shared/cloud/emulator/storage.ts'

const answers = (host: string): Promise<boolean> =>
  fetch(`http://${host}/storage/v1/b?project=any`).then(
    (reply) => reply.ok,
    () => false,
  )

test('a stand-in is gone after its close', async () => {
  const emulator = await startStorageEmulator()
  expect(await answers(emulator.host)).toBe(true)
  await emulator.close()
  await emulator.close()
  expect(await answers(emulator.host)).toBe(false)
})

test('a stand-in goes with the process that started it, even when that is killed', async () => {
  const script = `const { startStorageEmulator } = await import(process.argv[1])
    const { host } = await startStorageEmulator()
    process.stdout.write(host)
    setInterval(() => {}, 1000)`
  const module = new URL('../../shared/cloud/emulator/storage.ts', import.meta.url).href
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script, module])
  const host = await new Promise<string>((said) =>
    owner.stdout.once('data', (text) => said(`${text}`)),
  )
  expect(await answers(host)).toBe(true)
  // Its output stays open as long as anything it started lives.
  const gone = new Promise((closed) => owner.once('close', closed))
  owner.kill('SIGKILL')
  await gone
  await expect.poll(() => answers(host), { timeout: 10_000 }).toBe(false)
})

test('a stand-in that ends at once is told with its last words', async () => {
  const start = startTool({
    name: 'fake-gcs-server',
    args: ['-no-such-option'],
    isReady: () => Promise.resolve(false),
  })
  await expect(start).rejects.toMatchObject({
    code: 'PLATFORM_UNREACHABLE',
    message: expect.stringContaining('fake-gcs-server did not start: '),
  })
})
