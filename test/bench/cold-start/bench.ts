import { execFile, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundle, repositoryRoot } from '#infra/image/bundle.ts'
import { bundlePlans } from '#infra/image/plan.ts'
import { demoOptions } from '#services/twin/demo.ts'
import { startTwinServer } from '#services/twin/server.ts'
import { startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import { alternate, type Bench, median, spreadOf } from '../bench.ts'

const run = promisify(execFile)
const benched = ['executor', 'collector', 'console', 'inference'] as const
/** The start of a bundled service takes at most 0.6 of the start from source. */
const goal = 1 / 0.6
const rounds = 7
const port = 18_080
const patienceMs = 20_000

/** From the start of the process until its startup probe passes; both sides talk to the same fakes. */
export const benchColdStart: Bench = async (say) => {
  const twin = await startTwinServer({
    ...demoOptions({ seed: 7, clock: createWallClock(), symbols: ['BTCUSDT'] }),
    historyDays: 0,
    port: 0,
  })
  const pubsub = await startPubsubEmulator()
  const storage = await startEmptyStorage()
  const environment = {
    PATH: process.env.PATH ?? '',
    GOOGLE_CLOUD_PROJECT: 'cold-start',
    ASTERAI_REGION: 'asia-northeast1',
    PUBSUB_EMULATOR_HOST: pubsub.host,
    STORAGE_EMULATOR_HOST: storage.host,
    METADATA_SERVER_DETECTION: 'none',
    ASTER_REST_URL: twin.url,
    ASTER_STREAM_URL: twin.wsUrl,
    HEALTH_PORT: String(port),
    PORT: String(port),
    ASTERAI_SYMBOLS: 'BTCUSDT',
    ASTERAI_STRATEGIES: 'glft',
    ASTERAI_EQUITY: '1000',
    COLLECTOR_SYMBOLS: 'BTCUSDT',
    CONSOLE_OIDC_AUDIENCE: 'https://console.example',
    CONSOLE_ADMINS: 'admin@example.com',
    CONSOLE_HOSTS: 'localhost',
    ASTERAI_FUNCTION_URL: 'http://{name}.localhost',
  }
  const ratios: Record<string, number> = {}
  const rates: Record<string, ReturnType<typeof spreadOf>> = {}
  try {
    for (const name of benched) {
      const plan = bundlePlans[name]
      const folder = join(repositoryRoot, 'test/bench/build/cold-start', name)
      await bundle({ root: repositoryRoot, name, plan, folder })
      // As the image does when it is built.
      const cache = { NODE_COMPILE_CACHE: join(folder, '.compile-cache') }
      await run(process.execPath, [join(folder, 'warm.mjs')], { env: { ...environment, ...cache } })
      const contender = (kind: string, file: string, more: Readonly<Record<string, string>>) => ({
        name: kind,
        run: async () =>
          1_000 / (await startMs(file, { ...environment, ...more, ASTERAI_SERVICE: name })),
      })
      const measured = await alternate(
        [
          contender('bundled', join(folder, 'main.mjs'), cache),
          contender('source', join(repositoryRoot, plan.entries.main ?? ''), {}),
        ],
        { rounds, warmUps: 1 },
      )
      const bundled = measured.get('bundled') ?? []
      const source = measured.get('source') ?? []
      const ratio = median(bundled.map((rate, round) => rate / source[round]!))
      ratios[name] = ratio
      rates[`${name} bundled, starts/s`] = spreadOf(bundled)
      rates[`${name} source, starts/s`] = spreadOf(source)
      say(
        `${name.padEnd(10)} bundled ${(1_000 / median(bundled)).toFixed(0)} ms, source ${(1_000 / median(source)).toFixed(0)} ms: ${(1 / ratio).toFixed(2)} of it (goal ${(1 / goal).toFixed(2)} or less)`,
      )
    }
  } finally {
    await Promise.all([twin.close(), pubsub.close(), storage.close()])
  }
  return {
    name: 'cold-start',
    ratios,
    goals: Object.fromEntries(benched.map((name) => [name, goal])),
    rates,
    notes: [
      'the bundle starts as its image does: with the code compiled when the image was built',
      'executor and collector: the way to the venue is proved; client libraries are loaded afterwards on both sides',
    ],
  }
}

/** Starts a service, waits for its probe, and ends it at once. */
async function startMs(file: string, env: Readonly<Record<string, string>>): Promise<number> {
  const from = performance.now()
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const path = file.includes('console') ? '/healthz' : '/readyz'
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${port}${path}`).then(
      (reply) => reply.ok,
      () => false,
    )
    if (isReady) break
    if (child.exitCode !== null || performance.now() - from > patienceMs) {
      child.kill('SIGKILL')
      throw new Error(`${file} did not become ready:\n${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const tookMs = performance.now() - from
  child.kill('SIGKILL')
  await exited
  return tookMs
}

/** A storage with nothing in it: enough for a model server to learn that no model is promoted. */
async function startEmptyStorage(): Promise<{ host: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const isList = /\/o\?/.test(request.url ?? '')
    response
      .writeHead(isList ? 200 : 404, { 'content-type': 'application/json' })
      .end(isList ? '{"kind":"storage#objects"}' : '{"error":{"code":404,"message":"absent"}}')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
