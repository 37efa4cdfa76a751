import type { Blobs } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Guard } from '#shared/trading/engine/trader.ts'
import type { GuardStore } from './app.ts'
import { guardFromText, textFromGuard } from './guard.ts'

export type GuardBlobOptions = {
  readonly blobs: Pick<Blobs, 'get' | 'put'>
  readonly name: string
  readonly timers: Timers
  /** False once another process may be the writer: what this one still says must not reach its guard. */
  readonly mayWrite: () => boolean
  readonly report: (line: string) => void
}

export type GuardBlob = GuardStore & {
  /** Fetches what the session before left. Call it when the lease is held and before the session opens. */
  load(): Promise<void>
  /** Resolves once the newest guard is stored. @throws TradingError PLATFORM_UNREACHABLE */
  flush(): Promise<void>
}

/** The platform takes one write a second per object. */
const pauseUs = microsPerSecond

/**
 * The guard of a trader as a blob. The trader writes it often and without waiting; the newest goes out, at most one
 * write at a time, and what fails is tried again until the process ends.
 */
export function openGuardBlob(options: GuardBlobOptions): GuardBlob {
  const { blobs, name, timers, mayWrite, report } = options
  let loaded: Guard | undefined
  let newest: Guard | undefined
  let storing: Promise<void> | undefined
  let isPaused = false
  let failure: Error | undefined

  const store = (): Promise<void> => {
    storing ??= (async () => {
      const guard = newest
      if (!guard || !mayWrite()) return
      try {
        await blobs.put(name, new TextEncoder().encode(textFromGuard(guard)))
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
      const bytes = await blobs.get(name)
      loaded = bytes && guardFromText(new TextDecoder().decode(bytes), `blob ${name}`)
    },
    read: () => loaded,
    write(guard) {
      newest = guard
      storeInBackground()
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
