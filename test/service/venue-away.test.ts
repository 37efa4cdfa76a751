import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openExecutorWorld } from './executor.fixture.ts'

/** A way to the venue that can be cut: what comes is dropped, or the connections with it. */
async function cuttableWay(to: string) {
  let state: 'open' | 'silent' | 'refusing' = 'open'
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    if (state === 'refusing') {
      near.destroy()
      return
    }
    const far = connect(Number(new URL(to).port), '127.0.0.1')
    for (const [from, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => state === 'open' && other.write(bytes))
      from.on('error', () => other.destroy())
      from.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(next: 'silent' | 'refusing') {
      state = next
      if (next === 'refusing') for (const socket of sockets) socket.destroy()
    },
  }
}

test.each(['silent', 'refusing'] as const)(
  'with a venue that is %s, an end is in time, lets go of the lease and says what it does not know',
  async (state) => {
    const world = await openExecutorWorld()
    onTestFinished(world.close)
    const way = await cuttableWay(world.twin.url)
    const executor = world.start(state, { restUrl: way.url })
    await executor.said(/trading BTCUSDT/)
    await world.quoting()
    way.cut(state)
    const end = await executor.signal('SIGTERM')
    expect(end.ms).toBeLessThan(9_000)
    expect(end.code).toBe(1)
    const said = executor.lines.map(({ message }) => message)
    expect(said.at(-1)).toMatch(/they may rest at the venue: orders .*the venue could not be asked/)
    expect(executor.lines.some(({ severity }) => severity === 'CRITICAL')).toBe(true)
    expect(said.join()).not.toContain('the books differed')

    const next = world.start(`after ${state}`)
    await next.said(/trading BTCUSDT/)
    await world.quoting()
    expect((await next.signal('SIGTERM')).code).toBe(0)
    expect(world.workingOrders()).toBe(0)
  },
)
