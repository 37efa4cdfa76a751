import { execFile } from 'node:child_process'
import { chmod, chown, copyFile, cp, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bundle, repositoryRoot } from '#infra/image/bundle.ts'
import { bundlePlans } from '#infra/image/plan.ts'
import { demoAccounts, demoOptions } from '#services/twin/demo.ts'
import { startTwinServer, type TwinServer } from '#services/twin/server.ts'
import { type PubsubEmulator, startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { type SecretEmulator, startSecretEmulator } from '#shared/cloud/emulator/secret-store.ts'
import {
  createEmulatedBucket,
  type StorageEmulator,
  startStorageEmulator,
} from '#shared/cloud/emulator/storage.ts'
import { openStorageBlobs } from '#shared/cloud/gcp/blobs.ts'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import { type StartedProcess, startProcess } from '#test/service/process.fixture.ts'

/**
 * What an image starts, outside a container: the bundle, installed from its own lock without development packages,
 * against emulators that speak Google's protocols and an exchange that speaks the venue's.
 */

const seed = 7
const project = 'start-command'
/** The user of the images, where the tests may become it; else everything runs as whoever runs them. */
const user = process.getuid?.() === 0 ? 65532 : undefined
const started: StartedProcess[] = []
let folder = ''
let twin: TwinServer
let pubsub: PubsubEmulator
let storage: StorageEmulator
let secrets: SecretEmulator

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asterai-image-'))
  await chmod(folder, 0o755)
  for (const own of ['scratch', 'compiled'])
    await mkdir(join(folder, own)).then(() => user && chown(join(folder, own), user, user))
  // The user of the images may not reach the one that runs the tests.
  await copyFile(process.execPath, join(folder, 'node'))
  const options = demoOptions({ seed, clock: createWallClock(), symbols: ['BTCUSDT'] })
  twin = await startTwinServer({ ...options, historyDays: 0, port: 0 })
  pubsub = await startPubsubEmulator()
  storage = await startStorageEmulator()
  secrets = await startSecretEmulator({
    'aster-agent-key': demoAccounts(seed).perp.privateKey,
  })
  for (const bucket of ['state', 'tapes', 'models', 'reports'] as const)
    await createEmulatedBucket(storage.host, project, bucketName(project, bucket))
})

afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await Promise.all([twin.close(), pubsub.close(), storage.close(), secrets.close()])
})

/** Builds the bundle of a service and installs it the way its image does. */
async function install(name: keyof typeof bundlePlans): Promise<string> {
  const image = join(folder, name)
  await bundle({ root: repositoryRoot, name, plan: bundlePlans[name], folder: image })
  const flags = ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund']
  await promisify(execFile)('npm', flags, { cwd: image })
  const compiled = join(folder, 'compiled', name)
  const options = { cwd: image, uid: user, env: { NODE_COMPILE_CACHE: compiled } }
  await promisify(execFile)(join(folder, 'node'), ['warm.mjs'], options)
  await cp(compiled, join(image, '.compile-cache'), { recursive: true })
  return image
}

function start(
  image: string,
  service: string,
  settings: Readonly<Record<string, string>>,
  options: readonly string[] = [],
) {
  const running = startProcess(join(folder, 'node'), ['main.mjs', ...options], {
    cwd: image,
    uid: user,
    env: {
      ASTERAI_SERVICE: service,
      GOOGLE_CLOUD_PROJECT: project,
      ASTERAI_REGION: 'asia-northeast1',
      PUBSUB_EMULATOR_HOST: pubsub.host,
      STORAGE_EMULATOR_HOST: storage.host,
      SECRET_MANAGER_EMULATOR_HOST: secrets.host,
      METADATA_SERVER_DETECTION: 'none',
      ASTER_REST_URL: twin.url,
      ASTER_STREAM_URL: twin.wsUrl,
      HEALTH_PORT: '0',
      NODE_COMPILE_CACHE: join(image, '.compile-cache'),
      SCRATCH_DIR: join(folder, 'scratch'),
      ...settings,
    },
  })
  started.push(running)
  return running
}

const live = {
  ASTERAI_MODE: 'live',
  ASTERAI_ALLOW_LIVE: 'yes',
  ASTERAI_SYMBOLS: 'BTCUSDT',
  ASTERAI_STRATEGIES: 'grid',
  ASTERAI_EQUITY: '10000',
  ASTERAI_SECRET_VERSIONS: 'aster-agent-key=1',
}

const workingOrders = () =>
  twin.twin.exchange.state.accounts.reduce((sum, { openOrders }) => sum + openOrders.size, 0)

/** Resolves once the startup probe passes. */
const ready = async (running: StartedProcess) => {
  const port = /\d+$/.exec(await running.said(/probes on port/))?.[0]
  const passes = vi.waitFor(
    async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200),
    { timeout: 20_000 },
  )
  await Promise.race([
    passes,
    running.exited.then((code) => {
      const lines = running.lines.map(({ message }) => message).join('\n')
      throw new Error(`ended with ${code} before it was ready:\n${lines}`)
    }),
  ])
}

test('the executor serves its probe, hands over within 10 s, and the next one takes over', async () => {
  const image = await install('executor')
  const first = start(image, 'executor', live)
  await ready(first)
  await first.said(/trading BTCUSDT with grid/)
  await vi.waitFor(() => expect(workingOrders()).toBeGreaterThan(0), { timeout: 20_000 })

  const second = start(image, 'executor', live)
  await ready(second)
  await second.said(/standby: /)

  const end = await first.signal('SIGTERM')
  expect(end.code, first.lines.map(({ message }) => message).join('\n')).toBe(0)
  expect(end.ms).toBeLessThan(10_000)
  expect(workingOrders()).toBe(0)
  expect(first.lines.map(({ message }) => message)).toContain('closing check exact')

  // The lease is free at once; what was signed before must lapse first.
  await second.said(/lease taken, epoch 2; writing begins in 15 s/)
  await second.said(/trading BTCUSDT with grid/)
  const last = await second.signal('SIGTERM')
  expect(last.code, second.lines.map(({ message }) => message).join('\n')).toBe(0)
  expect(workingOrders()).toBe(0)

  const tapes = openStorageBlobs({
    project,
    bucket: bucketName(project, 'tapes'),
    endpoint: `http://${storage.host}`,
  })
  expect((await tapes.list('executor/')).length).toBe(2)
  console.error(`hand-over ${Math.round(end.ms)} ms and ${Math.round(last.ms)} ms`)
}, 120_000)

test('the collector serves its probe and stores its tape when it ends', async () => {
  const image = await install('collector')
  const running = start(image, 'collector', { COLLECTOR_SYMBOLS: 'BTCUSDT' })
  await ready(running)
  await running.said(/recording BTCUSDT/)
  const end = await running.signal('SIGTERM')
  expect(end.code, running.lines.map(({ message }) => message).join('\n')).toBe(0)
  expect(end.ms).toBeLessThan(10_000)
  const tapes = openStorageBlobs({
    project,
    bucket: bucketName(project, 'tapes'),
    endpoint: `http://${storage.host}`,
  })
  expect(await tapes.list('collector/')).toHaveLength(1)
})

/** Ends it as the platform does, and expects an end in order. */
const endsInOrder = async (running: StartedProcess) => {
  const end = await running.signal('SIGTERM')
  expect(end.code, running.lines.map(({ message }) => message).join('\n')).toBe(0)
  expect(end.ms).toBeLessThan(10_000)
}

const address = async (running: StartedProcess) => {
  const port = /:(\d+)/.exec(await running.said(/listening at/))?.[1]
  return (path: string) => `http://127.0.0.1:${port}${path}`
}

test('the model server serves its probes before any model exists', async () => {
  const running = start(await install('inference'), 'inference', { PORT: '0' })
  const at = await address(running)
  expect((await fetch(at('/healthz'))).status).toBe(200)
  expect((await fetch(at('/readyz'))).status).toBe(200)
  expect((await fetch(at('/v1/model'))).status).toBeGreaterThanOrEqual(400)
  await endsInOrder(running)
})

test('the console serves its probe and its page to nobody without an identity', async () => {
  const running = start(await install('console'), 'console', {
    PORT: '0',
    CONSOLE_OIDC_AUDIENCE: 'https://console.test',
    CONSOLE_ADMINS: 'admin@example.com',
    CONSOLE_HOSTS: '127.0.0.1',
    ASTERAI_FUNCTION_URL: 'https://{name}.test',
  })
  const at = await address(running)
  expect((await fetch(at('/healthz'))).status).toBe(200)
  expect((await fetch(at('/api/state'))).status).toBe(401)
  await endsInOrder(running)
})

test('the latency probe measures, stores its report and ends by itself', async () => {
  const image = await install('latency-probe')
  const settings = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
  const running = start(image, 'latency-probe', settings, ['--seconds', '2', '--store'])
  const said = () => running.lines.map(({ message }) => message)
  expect(await running.exited, said().join('\n')).toBe(0)
  // It found its code compiled, as the user it runs as; only main.mjs, which starts the service, was not loaded before.
  const missed = said().filter((line) => /(?<!main\.mjs)\.\.\. ?no such file/.test(line))
  expect(said().filter((line) => line.includes('was accepted')).length).toBeGreaterThan(1)
  expect(missed).toEqual([])
  const reports = openStorageBlobs({
    project,
    bucket: bucketName(project, 'reports'),
    endpoint: `http://${storage.host}`,
  })
  expect(await reports.list('latency/asia-northeast1/')).toHaveLength(1)
})
