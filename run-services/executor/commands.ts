import { z } from 'zod'
import type { Bus, Message } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerMinute } from '#shared/kernel/unit.ts'
import type { Executor } from './app.ts'
import { shortened } from './guard.ts'

export type CommandPorts = {
  readonly bus: Pick<Bus, 'subscribe'>
  readonly clock: Clock
  readonly executor: Pick<Executor, 'command' | 'changeLimits'>
  /** Keeps a stop for the next process while this one has not begun: it may never begin. */
  readonly keepKill: (reason: string) => void
  /** Resolves when trading has begun; rejects when it never will. */
  readonly begun: Promise<unknown>
  /** False once another process may be the writer: commands are for that one then. */
  readonly mayWrite: () => boolean
  /** Resolves once what must outlive this process is stored. */
  readonly store: () => Promise<void>
  readonly log: (line: string, severity?: 'WARNING' | 'ERROR') => void
}

/**
 * Obeys operators while this process is the writer.
 *
 * A command is taken from the platform only when it is obeyed and what it changed is stored; until then it stays there
 * for the next process. The platform may bring one twice, and late: a kill again does no harm, but a resume that was
 * given before the last kill, or before this process took over, must not lift it, and a flatten that waited would
 * trade in another market than the one it was meant for: it only kills. Whoever still means it says it again. Nothing
 * depends on the order of delivery, so that no stop waits behind a command that cannot be stored yet.
 *
 * @returns stops listening
 */
export function obeyCommands(ports: CommandPorts): () => void {
  const { bus, clock, executor, keepKill, begun, mayWrite, store, log } = ports
  let resumableFromUs: number = clock.nowUs()
  /** Set while what was killed here is not resumed: the guard repeats itself for as long as nobody answers. */
  let killedUs: number | undefined
  const limitsAtUs = new Map<string, number>()
  let hasBegun = false
  begun.then(
    () => {
      hasBegun = true
    },
    () => {},
  )

  const changeLimits = ({ limits, reason, at }: LimitsCommand) => {
    const newer = Object.entries(limits).filter(
      ([name]) => at > (limitsAtUs.get(name) ?? Number.NEGATIVE_INFINITY),
    )
    if (newer.length === 0) return log('newer limits hold already; ignored', 'WARNING')
    for (const [name] of newer) limitsAtUs.set(name, at)
    executor.changeLimits(Object.fromEntries(newer), reason)
  }

  const stop = ({ command, reason, at }: StopCommand) => {
    const nowUs = clock.nowUs()
    resumableFromUs = Math.max(resumableFromUs, nowUs)
    if (command === 'kill' && at !== undefined && killedUs !== undefined && at <= killedUs) return
    const isLate =
      command === 'flatten' && nowUs - (at ?? Number.NEGATIVE_INFINITY) > flattenAgeUsMax
    if (isLate)
      log(
        'this flatten is too old to trade on; trading is killed, positions stay: say it again',
        'WARNING',
      )
    const why = isLate ? `flatten came too late: ${reason}` : reason
    // A kill after a flatten is no repetition: it ends the closing of positions.
    killedUs = command === 'kill' || isLate ? nowUs : undefined
    if (!hasBegun) keepKill(why)
    executor.command(isLate ? 'kill' : command, why)
  }

  const obey = (message: Message): void => {
    const read = commandSchema.safeParse(message)
    // Brought again it would be no better: it is taken, and said.
    if (!read.success)
      return log(
        `this command cannot be obeyed, ${z.prettifyError(read.error).replaceAll('\n', ' ')}: ${JSON.stringify(message)}`,
        'ERROR',
      )
    const said = read.data
    log(`${said.command} by ${said.by}: ${said.reason}`)
    if (said.command === 'limits') return changeLimits(said)
    if (said.command !== 'resume') return stop(said)
    if (said.at <= resumableFromUs)
      return log('this resume is older than what it would lift; ignored', 'WARNING')
    resumableFromUs = said.at
    killedUs = undefined
    executor.command('resume', said.reason)
  }

  return bus.subscribe('commands', async (message) => {
    requireWriter(mayWrite)
    obey(message)
    // A kill that is kept is done with, whether this process ever begins or not.
    if (message.command !== 'kill') await begun
    await store()
    // What is not stored while somebody else may write never will be.
    requireWriter(mayWrite)
  })
}

/** The market has moved on since then. */
const flattenAgeUsMax = 2 * microsPerMinute

const said = {
  by: z.string().default('somebody unnamed'),
  reason: z.string().min(1).catch('no reason was given').transform(shortened),
}
const limitName = z.enum([
  'positionRatioMax',
  'concentrationRatioMax',
  'leverageMax',
  'dailyLossRatioMax',
  'drawdownRatioMax',
])

/** Stops are taken however badly they are written; whatever lets trading go on must be whole. */
const stopSchema = z.object({
  ...said,
  command: z.literal(['kill', 'flatten']),
  at: z.number().optional().catch(undefined),
})
const limitsSchema = z.object({
  ...said,
  command: z.literal('limits'),
  at: z.number(),
  limits: z.partialRecord(limitName, z.number().positive()),
})
const commandSchema = z.discriminatedUnion('command', [
  stopSchema,
  z.object({ ...said, command: z.literal('resume'), at: z.number() }),
  limitsSchema,
])
type StopCommand = z.infer<typeof stopSchema>
type LimitsCommand = z.infer<typeof limitsSchema>

function requireWriter(mayWrite: () => boolean): void {
  if (!mayWrite())
    throw new TradingError(
      'LEASE_LOST',
      'this process is not the writer any more; left to the next',
    )
}
