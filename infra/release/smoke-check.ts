export type SmokeTarget = {
  readonly consoleUrl: string
  readonly functionUrls: Readonly<Record<string, string>>
}

export type SmokePorts = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** @returns a token for that audience */
  readonly identityToken: (audience: string) => string
}

export type SmokeResult = { readonly name: string; readonly problem: string | undefined }

const timeoutMs = 60_000
/** Reads only, or writes what its schedule writes anyway: calling it once more changes nothing. */
const called = ['ingest-candles', 'scan-funding', 'check-data', 'guard-liveness']

/**
 * Calls the console and the functions that are safe to call, and looks that strangers are refused.
 * `guard-liveness` fails when the executor gives no sign of life, so it stands for the executor here.
 */
export async function runSmoke(
  { consoleUrl, functionUrls }: SmokeTarget,
  ports: SmokePorts,
): Promise<readonly SmokeResult[]> {
  const results: SmokeResult[] = []
  const check = async (name: string, task: () => Promise<string | undefined>) => {
    const problem = await task().catch((error: Error) => error.message.split('\n')[0])
    results.push({ name, problem })
  }
  const ask = async (url: string, method: 'GET' | 'POST', audience?: string) => {
    const headers: Record<string, string> =
      audience === undefined ? {} : { authorization: `Bearer ${ports.identityToken(audience)}` }
    const signal = AbortSignal.timeout(timeoutMs)
    return await ports.fetch(url, { method, headers, signal, redirect: 'manual' })
  }

  await check('the console refuses strangers', async () => {
    const { status } = await ask(new URL('/api/state', consoleUrl).href, 'GET')
    return [302, 401, 403].includes(status) ? undefined : `answered ${status} without a token`
  })
  for (const name of called) {
    const url = functionUrls[name]
    await check(name, async () => {
      if (url === undefined) return 'is not among the outputs of the stack'
      const stranger = await ask(url, 'POST')
      if (![401, 403, 404].includes(stranger.status))
        return `answered ${stranger.status} to a call without a token`
      const reply = await ask(url, 'POST', url)
      if (reply.status === 200) return undefined
      return `answered ${reply.status}: ${(await reply.text()).slice(0, 200)}`
    })
  }
  return results
}
