import { expect, test } from 'vitest'
import { functions } from '#shared/cloud/manifest/function.ts'
import { runSmoke } from './smoke-check.ts'

const functionUrls = Object.fromEntries(
  Object.keys(functions).map((name) => [name, `https://${name}.test`]),
)
const target = { consoleUrl: 'https://console.test', functionUrls }
const identityToken = (audience: string) => `for ${audience}`

const answering = (statusOf: (url: string, isKnown: boolean) => number) => ({
  identityToken,
  fetch: async (url: string, { headers }: RequestInit) => {
    const token = (headers as Record<string, string>).authorization
    const isKnown = token === `Bearer for ${new URL(url).origin}`
    return new Response('the executor is silent', { status: statusOf(url, isKnown) })
  },
})

const problems = async (ports: Parameters<typeof runSmoke>[1]) =>
  (await runSmoke(target, ports)).flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${name}: ${problem}`],
  )

test('a system that answers its own and refuses strangers passes', async () => {
  expect(await problems(answering((_, isKnown) => (isKnown ? 200 : 403)))).toEqual([])
})

test('an open door fails, whatever is behind it', async () => {
  const found = await problems(answering(() => 200))
  expect(found).toHaveLength(5)
  expect(found[0]).toBe('the console refuses strangers: answered 200 without a token')
})

test('a silent executor fails with the words of the guard', async () => {
  const ports = answering((url, isKnown) =>
    isKnown ? (url.includes('guard-liveness') ? 500 : 200) : 403,
  )
  expect(await problems(ports)).toEqual(['guard-liveness: answered 500: the executor is silent'])
})

test('a network fault is a failure of that check and not of the others', async () => {
  const ports = answering((_, isKnown) => (isKnown ? 200 : 403))
  const fetch: typeof ports.fetch = async (url, init) => {
    if (url.includes('scan-funding')) throw new Error('getaddrinfo ENOTFOUND')
    return await ports.fetch(url, init)
  }
  expect(await problems({ ...ports, fetch })).toEqual(['scan-funding: getaddrinfo ENOTFOUND'])
})
