import { z } from 'zod'
import type { Bus, Message } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerMinute } from '#shared/kernel/unit.ts'
import type { Executor } from './app.ts'

export type CommandPorts = {
  readonly bus: Pick<Bus, 'subscribe'>
  readonly clock: Clock
  readonly executor: Pick<Executor, 'command' | 'changeLimits'>
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
 * trade in another market than the one it was meant for: it only kills. Whoever still means it says it again.
 *
 * @returns stops listening
 */
export function obeyCommands(ports: CommandPorts): () => void {
  const { bus, clock, executor, begun, mayWrite, store, log } = ports
  let resumableFromUs: number = clock.nowUs()

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
    if (said.command === 'limits') return executor.changeLimits(said.limits, said.reason)
    if (said.command === 'resume') {
      if (said.at <= resumableFromUs)
        return log('this resume is older than what it would lift; ignored', 'WARNING')
      resumableFromUs = said.at
      return executor.command('resume', said.reason)
    }
    resumableFromUs = Math.max(resumableFromUs, clock.nowUs())
    if (
      said.command === 'kill' ||
      clock.nowUs() - (said.at ?? Number.NEGATIVE_INFINITY) <= flattenAgeUsMax
    )
      return executor.command(said.command, said.reason)
    log(
      'this flatten is too old to trade on; trading is killed, positions stay: say it again',
      'WARNING',
    )
    executor.command('kill', `flatten came too late: ${said.reason}`)
  }

  return bus.subscribe('commands', async (message) => {
    requireWriter(mayWrite)
    obey(message)
    await begun
    await store()
    // What is not stored while somebody else may write never will be.
    requireWriter(mayWrite)
  })
}

/** The market has moved on since then. */
const flattenAgeUsMax = 2 * microsPerMinute

const said = {
  by: z.string().default('somebody unnamed'),
  reason: z.string().min(1).catch('no reason was given'),
}
const limitName = z.enum([
  'positionRatioMax',
  'concentrationRatioMax',
  'leverageMax',
  'dailyLossRatioMax',
  'drawdownRatioMax',
])

/** Stops are taken however badly they are written; whatever lets trading go on must be whole. */
const commandSchema = z.discriminatedUnion('command', [
  z.object({
    ...said,
    command: z.literal(['kill', 'flatten']),
    at: z.number().optional().catch(undefined),
  }),
  z.object({ ...said, command: z.literal('resume'), at: z.number() }),
  z.object({
    ...said,
    command: z.literal('limits'),
    at: z.number(),
    limits: z.partialRecord(limitName, z.number().positive()),
  }),
])

function requireWriter(mayWrite: () => boolean): void {
  if (!mayWrite())
    throw new TradingError(
      'LEASE_LOST',
      'this process is not the writer any more; left to the next',
    )
}
