import type { Runtime, Socket } from '#shared/kernel/runtime.ts'
import {
  microsPerHour,
  microsPerMilli,
  microsPerMinute,
  microsPerSecond,
} from '#shared/kernel/unit.ts'

/** A stream that is kept open for good: reconnects with growing pauses and rotates before the venue's 24 hours end. */
export type Connection = {
  start(): void
  stop(): void
  /** Gives up the socket in use and opens another one, as after a loss. */
  restart(reason: string): void
}

export type ConnectionOptions = {
  readonly runtime: Runtime
  /** Asked before every attempt, because the address may hold a key that expires. */
  readonly url: () => Promise<string>
  /** A socket opened where there was none. */
  readonly onUp: () => void
  /** The socket is gone and no other has taken over. */
  readonly onDown: (reason: string) => void
  readonly onMessage: (bytes: Uint8Array) => void
  /** No address could be had; the attempt is repeated. */
  readonly onFault: (error: unknown) => void
  /** Silence after which a socket counts as dead; undefined where silence is normal. */
  readonly silenceUsMax?: number
  /** How long a socket is still listened to after another one has taken over; 0 when absent. */
  readonly overlapUs?: number
}

const backoffUsMin = 500 * microsPerMilli
const backoffUsMax = 30 * microsPerSecond
/** A connection that lasted this long was a good one: the next pause is short again. */
const settledUs = microsPerMinute
/** The venue cuts after 24 hours. */
const rotateAfterUs = 24 * microsPerHour - 10 * microsPerMinute
const checkEveryUs = microsPerSecond

/**
 * Rotation overlaps: the new socket opens while the old one still delivers, so listeners see frames twice and must
 * not mind. Pauses double and have no jitter: with one client per address there is no herd to spread, and a replay
 * reconnects at the same instants.
 */
export function createConnection(options: ConnectionOptions): Connection {
  const { runtime, onUp, onDown, onFault } = options
  let current: Socket | undefined
  let retiring: Socket | undefined
  let next: Socket | undefined
  let isWanted = false
  let isAsking = false
  let openedAtUs = 0
  let lastFrameUs = 0
  let backoffUs = backoffUsMin
  let cancelTimer = () => {}

  function open(): void {
    if (!isWanted || isAsking || next) return
    isAsking = true
    options.url().then(
      (url) => {
        isAsking = false
        connect(url)
      },
      (error: unknown) => {
        isAsking = false
        onFault(error)
        // While a socket lives, its next check tries again.
        if (!current) retry()
      },
    )
  }

  function connect(url: string): void {
    if (!isWanted) return
    let own: Socket | undefined
    own = runtime.openSocket(url, {
      onOpen: () => {
        if (next !== own) {
          own?.close()
          return
        }
        const wasUp = current !== undefined
        if (current) retire(current)
        current = own
        next = undefined
        openedAtUs = runtime.clock.nowUs()
        lastFrameUs = openedAtUs
        schedule(checkEveryUs, check)
        if (!wasUp) onUp()
      },
      onMessage: (bytes) => {
        if (own !== current && own !== retiring) return
        lastFrameUs = runtime.clock.nowUs()
        options.onMessage(bytes)
      },
      onClose: (reason) => {
        if (own === current) lose(reason)
        else if (own === next) {
          next = undefined
          if (!current) retry()
        }
      },
    })
    next = own
  }

  function retire(old: Socket): void {
    const { overlapUs = 0 } = options
    if (overlapUs > 0) retiring = old
    runtime.timers.after(overlapUs, () => {
      if (retiring === old) retiring = undefined
      old.close()
    })
  }

  function lose(reason: string): void {
    current = undefined
    if (runtime.clock.nowUs() - openedAtUs >= settledUs) backoffUs = backoffUsMin
    if (isWanted) onDown(reason)
    if (!next) retry()
  }

  function retry(): void {
    if (!isWanted) return
    schedule(backoffUs, open)
    backoffUs = Math.min(backoffUs * 2, backoffUsMax)
  }

  function check(): void {
    const nowUs = runtime.clock.nowUs()
    const { silenceUsMax } = options
    if (silenceUsMax !== undefined && nowUs - lastFrameUs > silenceUsMax) {
      drop(`no frame for ${Math.floor((nowUs - lastFrameUs) / microsPerMilli)} ms`)
      return
    }
    if (nowUs - openedAtUs >= rotateAfterUs && !next) open()
    schedule(checkEveryUs, check)
  }

  function drop(reason: string): void {
    const dropped = current
    if (!dropped) return
    lose(reason)
    dropped.close()
  }

  function schedule(delayUs: number, task: () => void): void {
    cancelTimer()
    cancelTimer = runtime.timers.after(delayUs, task)
  }

  return {
    start: () => {
      isWanted = true
      open()
    },
    stop: () => {
      isWanted = false
      cancelTimer()
      const sockets = [retiring, current, next]
      retiring = undefined
      current = undefined
      next = undefined
      for (const socket of sockets) socket?.close()
    },
    restart: drop,
  }
}
