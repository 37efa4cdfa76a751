import type { Register } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Guard } from '#shared/trading/engine/trader.ts'
import type { GuardStore } from './app.ts'
import { bareKill, guardFromText, textFromGuard } from './guard.ts'

export type GuardRegisterOptions = {
  readonly register: Register
  readonly timers: Timers
  /** False once another process may be the writer: what this one still says must not reach its guard. */
  readonly mayWrite: () => boolean
  readonly report: (line: string) => void
}

export type GuardRegister = GuardStore & {
  /** Fetches what the session before left. Call it when the lease is held and before the session opens. */
  load(): Promise<void>
  /** Keeps a kill that the session does not know of before it begins; whatever it writes meanwhile is killed as well. */
  keepKill(reason: string): void
  /** The session has begun: it knows of every kill. */
  confirm(): void
  /** Resolves once the newest guard is stored. @throws TradingError PLATFORM_UNREACHABLE */
  flush(): Promise<void>
}

/** The platform takes one write a second per object. */
const pauseUs = microsPerSecond

/**
 * The guard of a trader with the platform. The trader writes it often and without waiting; the newest goes out, at most
 * one write at a time, and what fails is tried again until the process ends. A write that was given up and arrives late,
 * of this process or of one that was the writer before, finds another version there and changes nothing.
 */
export function openGuardRegister(options: GuardRegisterOptions): GuardRegister {
  const { register, timers, mayWrite, report } = options
  let version: string | undefined
  let loaded: Guard | undefined
  /** What was read or written last. */
  let known: Guard | undefined
  /** What is not stored yet. */
  let newest: Guard | undefined
  let keptKill: string | undefined
  let storing: Promise<void> | undefined
  let isPaused = false
  let failure: Error | undefined

  /** Over what it knows; else over what is there, as long as the right to write is its own. */
  const replace = async (text: string) => {
    const next = await register.write(text, version)
    if (next !== undefined) {
      version = next
      return
    }
    version = (await register.read())?.version
    if (!mayWrite()) throw new TradingError('LEASE_LOST', "the guard is the next writer's now")
    version = await register.write(text, version)
    if (version === undefined)
      throw new TradingError('PLATFORM_UNREACHABLE', 'another process writes it at the same time')
  }
  const store = (): Promise<void> => {
    storing ??= (async () => {
      const guard = newest
      if (!guard || !mayWrite()) return
      try {
        await replace(textFromGuard(guard))
        failure = undefined
        if (newest === guard) newest = undefined
      } catch (error) {
        if (!failure) report(`the guard is not stored yet: ${(error as Error).message}`)
        failure = error as Error
      }
    })().finally(() => {
      storing = undefined
    })
    return storing
  }
  const storeInBackground = () => {
    if (isPaused) return
    isPaused = true
    void store().then(() => {
      timers.after(pauseUs, () => {
        isPaused = false
        if (newest && mayWrite()) storeInBackground()
      })
    })
  }

  return {
    async load() {
      const found = await register.read()
      loaded = found && guardFromText(found.text, register.place)
      known = loaded
      version = found?.version
    },
    read: () => loaded,
    write(guard) {
      const isHidden = keptKill !== undefined && guard.killedBecause === null
      newest = known = isHidden ? { ...guard, killedBecause: keptKill! } : guard
      storeInBackground()
    },
    keepKill(reason) {
      keptKill = reason
      newest = known = { ...(known ?? bareKill(reason)), killedBecause: reason }
      storeInBackground()
    },
    confirm() {
      keptKill = undefined
    },
    async flush() {
      await storing
      if (newest) await store()
      if (newest && mayWrite())
        throw new TradingError(
          'PLATFORM_UNREACHABLE',
          `the guard is not stored, a kill may be forgotten: ${failure?.message ?? 'no answer'}`,
        )
    },
  }
}
