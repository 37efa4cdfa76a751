import { TradingError } from '#shared/kernel/error.ts'
import type {
  HttpReply,
  HttpRequest,
  Runtime,
  Socket,
  SocketListener,
} from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createTimeline } from './timeline.ts'

/** A server inside the virtual network. */
export type VirtualHost = {
  /** `drop`: the client never hears of this request again; whether it was carried out is the host's affair. */
  handleHttp(request: VirtualRequest): VirtualReply | 'drop'
  /**
   * A client opens a stream. A host that does not want it closes it at once.
   *
   * @param path - with query: `/stream?streams=btcusdt@aggTrade`
   */
  openStream(
    path: string,
    send: (frame: string) => void,
    close: (code: number, reason: string) => void,
  ): VirtualStream
  /** Everything of the host's own up to and including this time happens now. */
  advance(nowUs: number): void
  /** When the host next has something to do by itself; undefined or infinite when never. */
  nextEventUs(): number | undefined
}

export type VirtualRequest = {
  readonly method: HttpRequest['method']
  /** With query. */
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Address the request comes from. */
  readonly ip: string
}

/** A reply, and how long the host keeps it back. */
export type VirtualReply = HttpReply & { readonly delayUs: number }

/** What the host hears from the client of one stream. */
export type VirtualStream = { receive(text: string): void; closed(): void }

/** One-way times on the wire to and from a host; read at each departure, so they may be changed on the way. */
export type VirtualLink = { toHostUs: number; toClientUs: number }

/**
 * A network with its own clock: nothing happens until `step` is called, and then exactly one thing does. Same
 * hosts, same calls: same order of events.
 */
export type VirtualNetwork = {
  readonly nowUs: Micros
  /** What a client inside this network uses for the outside world. */
  readonly runtime: Runtime
  /** @param hostname - as it stands in URLs: `twin` for `http://twin/…` and `ws://twin/…` */
  addHost(hostname: string, host: VirtualHost, link: VirtualLink): void
  /** When the next thing happens; undefined when nothing will. */
  nextEventUs(): number | undefined
  /** Goes to the next event and lets it happen. */
  step(): void
  /** Lets time pass up to a point before which nothing happens. */
  idleUntil(nowUs: number): void
}

const clientIp = '10.0.0.1'

type Site = { readonly host: VirtualHost; readonly link: VirtualLink }

export function createVirtualNetwork({ startUs }: { readonly startUs: number }): VirtualNetwork {
  const timeline = createTimeline()
  const sites = new Map<string, Site>()
  const hosts: VirtualHost[] = []
  const encoder = new TextEncoder()
  let nowUs = startUs

  const after = (delayUs: number, task: () => void): (() => void) =>
    timeline.add(nowUs + Math.max(0, Math.ceil(delayUs)), task)

  function siteOf(url: URL): Site {
    const site = sites.get(url.hostname)
    if (site) return site
    throw new TradingError('VENUE_UNREACHABLE', `there is no host '${url.hostname}'`)
  }

  const http = (request: HttpRequest): Promise<HttpReply> =>
    new Promise((resolve, reject) => {
      const url = new URL(request.url)
      const { host, link } = siteOf(url)
      const cancelTimeout = after(request.timeoutUs, () =>
        reject(new TradingError('VENUE_UNREACHABLE', `no reply from ${url.host}`)),
      )
      after(link.toHostUs, () => {
        host.advance(nowUs)
        const reply = host.handleHttp({
          method: request.method,
          path: url.pathname + url.search,
          body: request.body ?? '',
          headers: request.headers ?? {},
          ip: clientIp,
        })
        if (reply === 'drop') return
        const { status, headers, body, delayUs } = reply
        after(delayUs + link.toClientUs, () => {
          cancelTimeout()
          resolve({ status, headers, body })
        })
      })
    })

  function openSocket(address: string, listener: SocketListener): Socket {
    const url = new URL(address)
    const { host, link } = siteOf(url)
    let stream: VirtualStream | undefined
    let isClosed = false

    function closeClient(reason: string): void {
      if (isClosed) return
      isClosed = true
      listener.onClose(reason)
    }

    after(link.toHostUs, () => {
      if (isClosed) return
      host.advance(nowUs)
      // Before the host can send: what it sends while opening must not overtake the opening itself.
      after(link.toClientUs, () => {
        if (!isClosed) listener.onOpen()
      })
      stream = host.openStream(
        url.pathname + url.search,
        (frame) => {
          after(link.toClientUs, () => {
            if (!isClosed) listener.onMessage(encoder.encode(frame))
          })
        },
        (code, reason) => {
          after(link.toClientUs, () => closeClient(`${code} ${reason}`))
        },
      )
    })

    return {
      send: (text) => {
        after(link.toHostUs, () => {
          if (!isClosed) stream?.receive(text)
        })
      },
      close: () => {
        if (isClosed) return
        after(link.toHostUs, () => stream?.closed())
        // As on a real socket, the listener hears of its own close after the call has returned.
        after(0, () => closeClient('closed by us'))
      },
    }
  }

  function nextHost(): { host: VirtualHost; atUs: number } | undefined {
    let next: { host: VirtualHost; atUs: number } | undefined
    for (const host of hosts) {
      const atUs = host.nextEventUs()
      if (
        atUs !== undefined &&
        atUs < Number.POSITIVE_INFINITY &&
        (next === undefined || atUs < next.atUs)
      )
        next = { host, atUs }
    }
    return next
  }

  return {
    get nowUs() {
      return nowUs as Micros
    },
    runtime: { clock: { nowUs: () => nowUs as Micros }, timers: { after }, http, openSocket },
    addHost: (hostname, host, link) => {
      sites.set(hostname, { host, link })
      hosts.push(host)
    },
    nextEventUs: () => {
      const taskUs = timeline.nextUs()
      const hostUs = nextHost()?.atUs
      if (taskUs === undefined || hostUs === undefined) return taskUs ?? hostUs
      return Math.min(taskUs, hostUs)
    },
    step: () => {
      const taskUs = timeline.nextUs()
      const next = nextHost()
      // At the same instant the host goes first: a request that arrives now meets the book as of now.
      if (next && (taskUs === undefined || next.atUs <= taskUs)) {
        nowUs = Math.max(nowUs, next.atUs)
        next.host.advance(nowUs)
        return
      }
      if (taskUs === undefined) return
      nowUs = Math.max(nowUs, taskUs)
      timeline.take()()
    },
    idleUntil: (untilUs) => {
      nowUs = Math.max(nowUs, untilUs)
    },
  }
}
