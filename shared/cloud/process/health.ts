import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TradingError } from '#shared/kernel/error.ts'

export type HealthServer = { readonly port: number; close(): Promise<void> }

export type HealthOptions = {
  /** 0 takes any free port. */
  readonly port: number
  /** Left out, every address: the platform probes from outside of the container. */
  readonly host?: string
  /** True once the startup probe may pass; otherwise why not yet, in a few words. */
  readonly isReady: () => true | string
  /** What `/state` shows to whoever looks into the container. */
  readonly state?: () => Readonly<Record<string, unknown>>
}

/**
 * Answers the probes of a process that serves nobody else: `/readyz` for the startup probe, `/healthz` for liveness.
 *
 * Liveness means that this event loop still turns. It depends on nothing outside: a venue that is down or a lease
 * that another instance holds is no reason to restart a healthy process.
 *
 * @throws TradingError PORT_TAKEN
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { port, host = '0.0.0.0', isReady, state = () => ({}) } = options
  const server = createServer((request, response) => {
    const answer = (status: number, body: Readonly<Record<string, unknown>>) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(JSON.stringify(body))
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(405, { message: 'only GET is answered' })
    const ready = isReady()
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return answer(200, { alive: true })
      case '/readyz':
        return ready === true
          ? answer(200, { ready })
          : answer(503, { ready: false, message: ready })
      case '/state':
        return answer(200, { ready, ...state() })
      default:
        return answer(404, { message: 'there are /healthz, /readyz and /state' })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const line = `port ${port} for the probes cannot be used (${cause.message}); choose another`
      reject(new TradingError('PORT_TAKEN', line, { port, host }, cause))
    })
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
