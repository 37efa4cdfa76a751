import type { QueryResult } from '#shared/cloud/port.ts'
import { lastHeartbeatQuery, readLastHeartbeat } from '#shared/cloud/query/heartbeat.ts'
import {
  type AskGoogle,
  attemptsSince,
  type GooglePlace,
  readWorkerPool,
  runSchedule,
  type WorkerPool,
} from './google-api.ts'

export type SmokeTarget = GooglePlace & {
  /** Tag of the images that must run. */
  readonly release: string
  readonly consoleUrl: string
  readonly functionUrls: Readonly<Record<string, string>>
  /** The executor must have begun anew after this time. Undefined: it need only live. */
  readonly deployedMs: number | undefined
}

export type SmokePorts = {
  /** A call from the internet, as a stranger makes it. @returns the HTTP status */
  readonly callAsStranger: (url: string, method: 'GET' | 'POST') => Promise<number>
  readonly askGoogle: AskGoogle
  readonly query: (sql: string) => Promise<QueryResult>
  readonly nowMs: () => number
  readonly wait: (ms: number) => Promise<void>
}

/** `unknown`: nobody answered who could tell. That is no failure, and undoes no release. */
export type SmokeResult = {
  readonly name: string
  readonly verdict: 'works' | 'fails' | 'unknown'
  readonly why: string
}

/**
 * Exit codes of the smoke test. Only `fails` undoes a release, so nothing else may end with it: 1 is any fault of this
 * program, 2 its options, 3 to 14 what Node ends itself with, above 125 the shell and signals.
 */
export const smokeExits = { works: 0, fails: 20, unknown: 3 } as const satisfies Record<
  SmokeResult['verdict'],
  number
>

/** One failure is one too many; without any, one unknown leaves the whole unknown. */
export function exitCodeOf(results: readonly SmokeResult[]): number {
  const verdicts = results.map(({ verdict }) => verdict)
  if (verdicts.includes('fails')) return smokeExits.fails
  const isKnown = verdicts.length > 0 && !verdicts.includes('unknown')
  return isKnown ? smokeExits.works : smokeExits.unknown
}

type Finding = Omit<SmokeResult, 'name'>

const works = (why = ''): Finding => ({ verdict: 'works', why })
const fails = (why: string): Finding => ({ verdict: 'fails', why })
const unknown = (why: string): Finding => ({ verdict: 'unknown', why })

/** Reads only, or writes what its schedule writes anyway: one run more changes nothing. */
export const calledFunctions = ['ingest-candles', 'scan-funding', 'check-data', 'guard-liveness']

const askAgainMs = 15_000
/** Cold start, the longest run, a repetition by Cloud Scheduler, and the way of its log line. */
const functionWithinMs = 240_000
/** An old lease runs out, the nonce window passes, and the row travels to the warehouse. */
const executorWithinMs = 360_000
/** By then an instance of the release before is gone: it has 10 s to end. */
const oldInstanceGoneMs = 60_000
const dayMs = 86_400_000

/**
 * Asks a deployed stack whether it works. Functions let nobody in from the internet, so they are run by their schedules
 * and judged by what Cloud Scheduler says came of it; the executor by the rows it writes.
 */
export async function runSmoke(
  target: SmokeTarget,
  ports: SmokePorts,
): Promise<readonly SmokeResult[]> {
  const check = async (name: string, task: () => Promise<Finding>): Promise<SmokeResult> => {
    const finding = await task().catch((error: Error) => unknown(firstLine(error)))
    return { name, ...finding }
  }
  return await Promise.all([
    check('the console refuses strangers', () =>
      refusesStrangers(
        ports,
        new URL('/api/state', target.consoleUrl).href,
        'GET',
        [302, 401, 403],
      ),
    ),
    ...calledFunctions.map((name) =>
      check(`${name} refuses strangers`, async () => {
        const url = target.functionUrls[name]
        if (url === undefined) return fails('is not among the outputs of the stack')
        return await refusesStrangers(ports, url, 'POST', [401, 403, 404])
      }),
    ),
    ...calledFunctions.map((name) => check(name, () => runsOnSchedule(target, ports, name))),
    check('the collector', () => runsRelease(target, ports, 'collector')),
    check('the executor', () => givesSignsOfLife(target, ports)),
  ])
}

async function refusesStrangers(
  { callAsStranger }: SmokePorts,
  url: string,
  method: 'GET' | 'POST',
  refusals: readonly number[],
): Promise<Finding> {
  const status = await callAsStranger(url, method)
  return refusals.includes(status) ? works() : fails(`answered ${status} to a call without a token`)
}

async function runsOnSchedule(
  target: SmokeTarget,
  ports: SmokePorts,
  name: string,
): Promise<Finding> {
  const beganMs = ports.nowMs()
  await runSchedule(ports.askGoogle, target, name)
  return await until(ports, beganMs + functionWithinMs, async () => {
    const attempts = await attemptsSince(ports.askGoogle, target, name, beganMs)
    const [newest] = attempts
    if (!newest) return { last: unknown('Cloud Scheduler has not logged how its run ended') }
    if (attempts.some(({ status }) => status >= 200 && status < 300)) return { found: works() }
    const why = `answered ${newest.status}: ${newest.detail}`
    // The venue, and not the release, is at fault.
    return { last: newest.status === 502 ? unknown(`${why}; is the venue away?`) : fails(why) }
  })
}

async function runsRelease(
  target: SmokeTarget,
  { askGoogle }: SmokePorts,
  name: string,
): Promise<Finding> {
  return judgePool(await readWorkerPool(askGoogle, target, name), target)
}

function judgePool({ image, instanceCount, isReady }: WorkerPool, { release }: SmokeTarget) {
  if (!image.endsWith(`:${release}`)) return fails(`runs ${image}`)
  if (instanceCount === 0) return works('not looked at: a person has stopped it')
  return isReady ? works() : fails('its newest revision does not run')
}

async function givesSignsOfLife(target: SmokeTarget, ports: SmokePorts): Promise<Finding> {
  const pool = await readWorkerPool(ports.askGoogle, target, 'executor')
  const judged = judgePool(pool, target)
  if (judged.verdict !== 'works' || pool.instanceCount === 0) return judged
  const beganMs = ports.nowMs()
  const before =
    target.deployedMs === undefined
      ? undefined
      : await lastSign(ports, target.deployedMs - dayMs, target.deployedMs)
  return await until(ports, beganMs + executorWithinMs, async () => {
    const last = await lastSign(ports, beganMs - dayMs, ports.nowMs())
    if (!last) return { last: fails('has given no sign of life for a day') }
    const seconds = Math.round((ports.nowMs() - last.recordedAtUs / 1_000) / 1_000)
    if (last.runId === before?.runId)
      return { last: fails(`still is run ${last.runId}, of before this release`) }
    if (last.recordedAtUs / 1_000 < beganMs + oldInstanceGoneMs)
      return { last: fails(`has given no sign of life for ${seconds} s`) }
    return { found: works(`run ${last.runId}`) }
  })
}

async function lastSign({ query }: SmokePorts, fromMs: number, untilMs: number) {
  return readLastHeartbeat(
    await query(lastHeartbeatQuery('executor', fromMs * 1_000, untilMs * 1_000)),
  )
}

/** Asks until something is found or time is up; what was said last then stands. */
async function until(
  { nowMs, wait }: SmokePorts,
  deadlineMs: number,
  ask: () => Promise<{ readonly found: Finding } | { readonly last: Finding }>,
): Promise<Finding> {
  for (;;) {
    const answer = await ask().catch((error: Error) => ({ last: unknown(firstLine(error)) }))
    if ('found' in answer) return answer.found
    if (nowMs() + askAgainMs > deadlineMs) return answer.last
    await wait(askAgainMs)
  }
}

const firstLine = ({ message, name }: Error): string => message.split('\n')[0] || name
