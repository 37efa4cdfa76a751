import { expect, test } from 'vitest'
import { startProcess } from '#test/service/process.fixture.ts'

/** A process of its own, because a life ends the process it is in. */
const live = (body: string) =>
  startProcess(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { TradingError } from '#shared/kernel/error.ts'
     import { runLife } from '#shared/cloud/process/life.ts'
     await runLife({ name: 'executor', handOverMs: 200 }, async (life) => { ${body} })`,
  ])

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s is a wish to end in order',
  async (name) => {
    const { said, signal, lines } = live(`
    const awake = setInterval(() => {}, 1_000)
    life.log('ready')
    const reason = await life.ending
    clearInterval(awake)
    life.log('all in order after ' + reason)`)
    await said(/^ready$/)
    expect((await signal(name)).code).toBe(0)
    expect(lines).toMatchObject([
      { severity: 'INFO', message: 'ready' },
      { severity: 'INFO', message: `ending: ${name}` },
      { severity: 'INFO', message: `all in order after ${name}` },
    ])
  },
)

test('a body that does not end is cut off', async () => {
  const { said, signal, lines } = live(`
    setInterval(() => {}, 1_000)
    life.log('ready')
    await new Promise(() => {})`)
  await said(/^ready$/)
  expect((await signal('SIGTERM')).code).toBe(1)
  expect(lines.at(-1)).toMatchObject({
    severity: 'ERROR',
    message: expect.stringMatching(/cut off$/),
  })
})

test.each([
  [`throw new TradingError('CONFIG_INVALID', 'PORT is not set')`, 2, /^PORT is not set$/],
  [`throw new TradingError('VENUE_UNREACHABLE', 'no reply')`, 1, /^no reply$/],
  [`throw new TypeError('not a price')`, 1, /^TypeError: not a price\n\s+at /],
  [`life.end('the lease is lost'); await life.ending`, 1, /^ending: the lease is lost$/],
])('%s ends it with code %i and one line', async (body, code, line) => {
  const { exited, lines } = live(body)
  expect(await exited).toBe(code)
  expect(lines).toHaveLength(1)
  expect(lines[0]?.severity).toBe('ERROR')
  expect(lines[0]?.message).toMatch(line)
})
