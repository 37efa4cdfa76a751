import type { Runtime, Socket, SocketListener } from '#shared/kernel/runtime.ts'

/** A process that can die between any two events. */
export type MortalRuntime = {
  readonly runtime: Runtime
  /**
   * Ends the process without a word: its timers never fire, its sockets close, and answers to what it has sent
   * reach nobody. What it has sent still arrives.
   */
  die(): void
}

/** A runtime that can be cut off; what is built on it then stands still for ever. */
export function createMortal(runtime: Runtime): MortalRuntime {
  let isAlive = true
  const sockets = new Set<Socket>()
  const whileAlive = (listener: SocketListener): SocketListener => ({
    onOpen: () => {
      if (isAlive) listener.onOpen()
    },
    onMessage: (bytes) => {
      if (isAlive) listener.onMessage(bytes)
    },
    onClose: (reason) => {
      if (isAlive) listener.onClose(reason)
    },
  })
  const never = new Promise<never>(() => {})
  return {
    runtime: {
      clock: runtime.clock,
      timers: {
        after: (delayUs, task) =>
          runtime.timers.after(delayUs, () => {
            if (isAlive) task()
          }),
      },
      http: async (request) => {
        if (!isAlive) return never
        try {
          const reply = await runtime.http(request)
          return isAlive ? reply : never
        } catch (error) {
          if (isAlive) throw error
          return never
        }
      },
      openSocket: (url, listener) => {
        const socket = runtime.openSocket(url, whileAlive(listener))
        sockets.add(socket)
        return socket
      },
    },
    die() {
      isAlive = false
      for (const socket of sockets) socket.close()
    },
  }
}
