import type { VirtualNetwork } from '#shared/simulation/network/virtual-network.ts'

/** Events after which the process may look after its own sockets and timers. */
const eventsPerBreath = 2_000

/**
 * Runs a virtual network up to a time.
 *
 * After every event all promise work it caused is finished before the next event begins, however long its chains
 * are: Node runs a tick only once the queue of promise jobs is empty. That makes the order of everything that
 * happens a function of the network alone.
 *
 * @returns number of events that happened
 */
export async function runVirtual(network: VirtualNetwork, untilUs: number): Promise<number> {
  let events = 0
  await settled()
  for (;;) {
    const nextUs = network.nextEventUs()
    if (nextUs === undefined || nextUs > untilUs) break
    network.step()
    events++
    await (events % eventsPerBreath === 0 ? breath() : settled())
  }
  network.idleUntil(untilUs)
  return events
}

/** Starts `work` and runs the network until it is done, at most until `deadlineUs`. */
export async function runVirtualUntil<T>(
  network: VirtualNetwork,
  work: Promise<T>,
  deadlineUs: number,
): Promise<T> {
  let isDone = false
  const watched = work.finally(() => {
    isDone = true
  })
  watched.catch(() => undefined)
  await settled()
  while (!isDone) {
    const nextUs = network.nextEventUs()
    if (nextUs === undefined || nextUs > deadlineUs)
      throw new Error(`the work did not end by ${deadlineUs} µs of virtual time`)
    network.step()
    await settled()
  }
  return watched
}

const settled = () => new Promise<void>((resolve) => process.nextTick(resolve))
const breath = () => new Promise<void>((resolve) => setImmediate(resolve))
