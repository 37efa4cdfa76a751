import { expect, test } from 'vitest'
import { functions } from '#shared/cloud/manifest/function.ts'
import type { QueryResult } from '#shared/cloud/port.ts'
import type { AskGoogle } from './google-api.ts'
import { calledFunctions, runSmoke, type SmokeTarget } from './smoke-check.ts'

const beganMs = Date.parse('2026-11-21T12:00:00Z')
const target: SmokeTarget = {
  project: 'desk',
  region: 'asia-northeast1',
  release: 'new',
  consoleUrl: 'https://console.test',
  functionUrls: Object.fromEntries(
    Object.keys(functions).map((name) => [name, `https://${name}.test`]),
  ),
  deployedMs: beganMs - 120_000,
}

/** The cloud as the pipeline meets it: functions answer nobody from outside, schedules and tables tell. */
type Cloud = {
  strangers: Record<string, number>
  /** What the target answered Cloud Scheduler, oldest first; empty: it has not logged anything. */
  answers: Record<string, readonly number[]>
  pools: Record<string, { instances?: number; image: string; ready: string; created: string }>
  /** Rows by the moment they arrive. */
  heartbeats: { atMs: number; runId: string }[]
  google: Record<string, number>
}

const pool = {
  instances: 1,
  image: 'r-docker.pkg.dev/desk/asterai/x:new',
  ready: 'x-2',
  created: 'x-2',
}
const beats = (runId: string, fromMs: number, untilMs: number) =>
  Array.from({ length: (untilMs - fromMs) / 5_000 }, (_, index) => ({
    atMs: fromMs + index * 5_000,
    runId,
  }))

const good = (): Cloud => ({
  strangers: {},
  answers: {},
  pools: { executor: pool, collector: pool },
  heartbeats: [
    ...beats('old', beganMs - 600_000, beganMs),
    ...beats('new', beganMs + 5_000, beganMs + 3_600_000),
  ],
  google: {},
})

async function smoke(change: (cloud: Cloud) => void, given: Partial<SmokeTarget> = {}) {
  const cloud = good()
  change(cloud)
  let nowMs = beganMs
  const run: string[] = []
  const askGoogle: AskGoogle = async ({ url, body }) => {
    const { host, pathname } = new URL(url)
    const refused = cloud.google[host]
    if (refused === 0) throw new Error('getaddrinfo ENOTFOUND')
    if (refused !== undefined)
      return { status: refused, body: { error: { message: 'Permission denied.\nmore' } } }
    const name = pathname.split(/[/:]/).at(host.startsWith('cloudscheduler') ? -2 : -1) as string
    if (host === 'cloudscheduler.googleapis.com') {
      expect(pathname).toBe(`/v1/projects/desk/locations/asia-northeast1/jobs/${name}:run`)
      run.push(name)
      return { status: 200, body: {} }
    }
    if (host === 'logging.googleapis.com') {
      const { filter } = body as { filter: string }
      expect(filter).toContain('timestamp>="2026-11-21T12:00:00.000Z"')
      const job = /job_id="([\w-]+)"/.exec(filter)?.[1] ?? ''
      const entries = (cloud.answers[job] ?? [200]).map((status) => ({
        httpRequest: { status },
        jsonPayload: { debugInfo: `Original HTTP response code number = ${status}` },
      }))
      return { status: 200, body: entries.length === 0 ? {} : { entries: entries.reverse() } }
    }
    const found = cloud.pools[name]
    return {
      status: 200,
      body: {
        scaling: { manualInstanceCount: found?.instances },
        template: { containers: [{ image: found?.image }, { image: 'collector:1' }] },
        latestReadyRevision: found?.ready,
        latestCreatedRevision: found?.created,
      },
    }
  }
  const query = async (sql: string): Promise<QueryResult> => {
    const [fromMs = 0, untilMs = 0] = [...sql.matchAll(/TIMESTAMP '([^']+)'/g)].map(([, text]) =>
      Date.parse(`${text?.replace(' ', 'T')}Z`),
    )
    const last = cloud.heartbeats
      .filter(({ atMs }) => atMs >= fromMs && atMs <= Math.min(untilMs, nowMs))
      .at(-1)
    const columns = ['service', 'holder', 'run_id', 'recorded_at', 'is_killed', 'working_orders']
    const row = last && ['executor', 'h', last.runId, new Date(last.atMs).toISOString(), false, 0]
    return { columns, rows: row ? [row] : [] } as unknown as QueryResult
  }
  const results = await runSmoke(
    { ...target, ...given },
    {
      callAsStranger: async (url) =>
        cloud.strangers[new URL(url).hostname.replace('.test', '')] ??
        (url.includes('console') ? 302 : 404),
      askGoogle,
      query,
      nowMs: () => nowMs,
      wait: async (ms) => {
        nowMs += ms / 8
      },
    },
  )
  const said = results
    .filter(({ verdict }) => verdict !== 'works')
    .map(({ name, verdict, why }) => `${verdict} ${name}: ${why}`)
  return { said, run, results }
}

test('a system that works, seen from outside of its walls', async () => {
  const { said, run, results } = await smoke(() => {})
  expect(said).toEqual([])
  expect(run.sort()).toEqual([...calledFunctions].sort())
  expect(results.find(({ name }) => name === 'the executor')?.why).toBe('run new')
})

test('every function it runs has a schedule to run it by', () => {
  for (const name of calledFunctions)
    expect(functions[name as keyof typeof functions].schedule).toBeDefined()
})

test('an open door fails, whatever is behind it', async () => {
  const { said } = await smoke(({ strangers }) => {
    strangers.console = 200
    strangers['check-data'] = 200
  })
  expect(said).toEqual([
    'fails the console refuses strangers: answered 200 to a call without a token',
    'fails check-data refuses strangers: answered 200 to a call without a token',
  ])
})

test('a function that fails is told with what it answered', async () => {
  const { said } = await smoke(({ answers }) => {
    answers['check-data'] = [500, 503]
  })
  expect(said).toEqual(['fails check-data: answered 503: Original HTTP response code number = 503'])
})

test('a cold start that the repetition of Cloud Scheduler mends is no failure', async () => {
  const { said } = await smoke(({ answers }) => {
    answers['check-data'] = [503, 200]
  })
  expect(said).toEqual([])
})

test('a venue that is away is not the fault of the release', async () => {
  const { said } = await smoke(({ answers }) => {
    answers['ingest-candles'] = [502]
  })
  expect(said).toEqual([expect.stringMatching(/^unknown ingest-candles: answered 502.*venue/)])
})

test('what nobody logged is unknown, and so is what may not be asked', async () => {
  const silent = await smoke(({ answers }) => {
    answers['scan-funding'] = []
  })
  expect(silent.said).toEqual([expect.stringMatching(/^unknown scan-funding: .*not logged/)])
  const refused = await smoke(({ google }) => {
    google['cloudscheduler.googleapis.com'] = 403
  })
  expect(refused.said).toHaveLength(calledFunctions.length)
  expect(refused.said[0]).toBe(
    'unknown ingest-candles: cloudscheduler.googleapis.com/v1/projects/desk/locations/asia-northeast1/jobs/ingest-candles:run answered 403: Permission denied.',
  )
  const away = await smoke(({ google }) => {
    google['run.googleapis.com'] = 0
  })
  expect(away.said).toEqual([
    'unknown the collector: run.googleapis.com: getaddrinfo ENOTFOUND',
    'unknown the executor: run.googleapis.com: getaddrinfo ENOTFOUND',
  ])
})

test('an executor that died with the deployment fails, though it gave a sign of life just before', async () => {
  const { said } = await smoke((cloud) => {
    cloud.heartbeats = beats('old', beganMs - 600_000, beganMs)
  })
  expect(said).toEqual([expect.stringMatching(/^fails the executor: still is run old/)])
})

test('an executor that begins and dies at once fails', async () => {
  const { said } = await smoke((cloud) => {
    cloud.heartbeats = [
      ...beats('old', beganMs - 600_000, beganMs),
      { atMs: beganMs + 5_000, runId: 'new' },
    ]
  })
  expect(said).toEqual([
    expect.stringMatching(/^fails the executor: has given no sign of life for \d{3} s$/),
  ])
})

test('an executor that never traded fails; "nothing to guard" is no answer here', async () => {
  const { said } = await smoke((cloud) => {
    cloud.heartbeats = []
  })
  expect(said).toEqual(['fails the executor: has given no sign of life for a day'])
})

test('the old executor that trades on is not the release', async () => {
  const { said } = await smoke((cloud) => {
    cloud.heartbeats = beats('old', beganMs - 600_000, beganMs + 3_600_000)
  })
  expect(said).toEqual([expect.stringMatching(/^fails the executor: still is run old/)])
})

test('without a deployment the executor need only live', async () => {
  const living = (cloud: Cloud) => {
    cloud.heartbeats = beats('old', beganMs - 600_000, beganMs + 3_600_000)
  }
  expect((await smoke(living, { deployedMs: undefined })).said).toEqual([])
})

test('an executor that a person stopped is left alone', async () => {
  const { said, results } = await smoke((cloud) => {
    cloud.pools.executor = { ...pool, instances: 0 }
    cloud.heartbeats = []
  })
  expect(said).toEqual([])
  expect(results.at(-1)?.why).toContain('a person has stopped it')
})

test('pools that run something else, or whose newest revision does not run, fail', async () => {
  const { said } = await smoke((cloud) => {
    cloud.pools.executor = { ...pool, image: 'r-docker.pkg.dev/desk/asterai/x:old' }
    cloud.pools.collector = { ...pool, created: 'x-3' }
  })
  expect(said).toEqual([
    'fails the collector: its newest revision does not run',
    'fails the executor: runs r-docker.pkg.dev/desk/asterai/x:old',
  ])
})
