import { createVirtualNetwork } from '#shared/simulation/network/virtual-network.ts'

const startUs = 1_700_000_000_000_000

/** A clock and timers that a test moves; promise work settles after every event. */
export function virtualTime() {
  const network = createVirtualNetwork({ startUs })
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    clock: network.runtime.clock,
    timers: network.runtime.timers,
    settled,
    /** Lets `seconds` pass, one event after the other. */
    async pass(seconds: number): Promise<void> {
      const untilUs = network.runtime.clock.nowUs() + seconds * 1_000_000
      await settled()
      for (;;) {
        const nextUs = network.nextEventUs()
        if (nextUs === undefined || nextUs > untilUs) break
        network.step()
        await settled()
      }
      network.idleUntil(untilUs)
      await settled()
    },
  }
}
