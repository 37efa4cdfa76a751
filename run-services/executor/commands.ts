import type { CommandMessage } from '#shared/cloud/message.ts'
import type { Bus } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
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
  readonly log: (line: string, severity?: 'WARNING') => void
}

/**
 * Obeys operators while this process is the writer.
 *
 * A command is taken from the platform only when it is obeyed and what it changed is stored; until then it stays there
 * for the next process. The platform may bring one twice, and late: a kill again does no harm, but a resume that was
 * given before the last kill, or before this process took over, must not lift it. Whoever still means it says it again.
 *
 * @returns stops listening
 */
export function obeyCommands(ports: CommandPorts): () => void {
  const { bus, clock, executor, begun, mayWrite, store, log } = ports
  let resumableFromUs: number = clock.nowUs()

  const obey = (said: CommandMessage): void => {
    log(`${said.command} by ${said.by}: ${said.reason}`)
    if (said.command === 'limits') return executor.changeLimits(said.limits, said.reason)
    if (said.command === 'resume') {
      if (said.at <= resumableFromUs)
        return log('this resume is older than what it would lift; ignored', 'WARNING')
      resumableFromUs = said.at
    } else resumableFromUs = Math.max(resumableFromUs, clock.nowUs())
    executor.command(said.command, said.reason)
  }

  return bus.subscribe('commands', async (message) => {
    requireWriter(mayWrite)
    obey(message as CommandMessage)
    await begun
    await store()
    // What is not stored while somebody else may write never will be.
    requireWriter(mayWrite)
  })
}

function requireWriter(mayWrite: () => boolean): void {
  if (!mayWrite())
    throw new TradingError(
      'LEASE_LOST',
      'this process is not the writer any more; left to the next',
    )
}
