import { Cron } from 'croner'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { type FunctionName, functions } from '../manifest/function.ts'
import type { StatusMessage } from '../message.ts'
import type { Bus } from '../port.ts'

export type CronPorts = {
  readonly bus: Bus
  readonly clock: Clock
  /** Calls one function; the time names the run, so a second call with it must change nothing. */
  readonly call: (name: FunctionName, scheduledAtUs: Micros) => Promise<unknown>
}

export type LocalCron = {
  /** Runs a function now, under the name of its latest scheduled time. Same rules as a scheduled run. */
  trigger(name: FunctionName): Promise<void>
  /** No further runs; resolves when those under way have ended. */
  stop(): Promise<void>
}

/**
 * Runs the manifest's functions on their schedules, in UTC.
 *
 * A function never overlaps itself: a run that comes due during the one before is skipped. Failures and skips are
 * published on `status` and never stop the schedule.
 */
export function startCron({ bus, clock, call }: CronPorts): LocalCron {
  const running = new Map<FunctionName, Promise<void>>()

  const report = (name: FunctionName, state: StatusMessage['state'], detail: string) =>
    bus.publish('status', {
      service: `function ${name}`,
      state,
      detail,
      at: clock.nowUs(),
    } satisfies StatusMessage)

  const run = async (name: FunctionName, scheduledAtUs: Micros) => {
    if (running.has(name)) {
      report(name, 'running', `skipped ${isoSeconds(scheduledAtUs)}: the run before still goes on`)
      return
    }
    const turn = (async () => call(name, scheduledAtUs))()
      .then(() => undefined)
      .catch((error) => report(name, 'failed', problemOf(error)))
      .finally(() => running.delete(name))
    running.set(name, turn)
    await turn
  }

  const scheduledAtUs = (job: Cron): Micros => {
    // A timer fires late, never early: the slot is the last one that has passed.
    const nowMs = Math.floor(clock.nowUs() / 1_000)
    const [slot] = job.previousRuns(1, new Date(nowMs + 1))
    return ((slot?.getTime() ?? nowMs) * 1_000) as Micros
  }

  const names = Object.keys(functions) as FunctionName[]
  const jobs = new Map(
    names.flatMap((name) => {
      const { schedule } = functions[name]
      if (schedule === undefined) return []
      const start = (job: Cron) => run(name, scheduledAtUs(job))
      return [[name, new Cron(schedule, { timezone: 'UTC', mode: '6-part' }, start)] as const]
    }),
  )

  return {
    async trigger(name) {
      const job = jobs.get(name)
      if (!job) throw new TradingError('OPTION_INVALID', `function '${name}' has no schedule`)
      await run(name, scheduledAtUs(job))
    },
    async stop() {
      for (const job of jobs.values()) job.stop()
      await Promise.all(running.values())
    },
  }
}

const isoSeconds = (us: number): string => new Date(us / 1_000).toISOString()

const problemOf = (error: unknown): string =>
  error instanceof TradingError ? `${error.code}: ${error.message}` : String(error)
