/** Fan-out of server-sent events to pages. */
export type StreamHub = {
  /** Sends one event to every page; `json` is one line. */
  publish(event: string, json: string): void
  /** Keeps idle connections and proxies from timing out. */
  beat(): void
  /**
   * @param viewer - who looks; each may have `pagesPerViewerMax` pages open, so that nobody takes the places of others
   * @returns the body of a stream that begins with the state; `full` when there are too many pages altogether,
   *   `viewer-full` when this viewer has too many
   */
  open(viewer: string): ReadableStream<Uint8Array> | 'full' | 'viewer-full'
  close(): void
}

export type StreamHubOptions = {
  /** JSON of the whole state now. */
  readonly readState: () => string
  readonly clientsMax: number
  readonly pagesPerViewerMax: number
  /** Events that may wait for one slow page before it gets a fresh state instead. */
  readonly queueMax: number
}

type Client = {
  readonly viewer: string
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly queue: Uint8Array[]
  needsState: boolean
}

const encoder = new TextEncoder()
const retryMs = 1_000

/**
 * A page that reads slower than events arrive never grows a queue past `queueMax`: its backlog is thrown away and
 * replaced by one `state` event when it reads again, so it is late but never wrong.
 */
export function createStreamHub(options: StreamHubOptions): StreamHub {
  const clients = new Set<Client>()
  let eventId = 0
  let isClosed = false

  const stateFrame = () => frame(`retry: ${retryMs}\n`, eventId, 'state', options.readState())

  const send = (client: Client, bytes: Uint8Array): void => {
    if (client.needsState) return
    if (client.queue.length === 0 && (client.controller.desiredSize ?? 0) > 0) {
      client.controller.enqueue(bytes)
    } else if (client.queue.length < options.queueMax) {
      client.queue.push(bytes)
    } else {
      client.queue.length = 0
      client.needsState = true
    }
  }

  const drain = (client: Client): void => {
    if (client.needsState) {
      client.needsState = false
      client.controller.enqueue(stateFrame())
    }
    while (client.queue.length > 0 && (client.controller.desiredSize ?? 0) > 0)
      client.controller.enqueue(client.queue.shift()!)
  }

  return {
    publish: (event, json) => {
      eventId++
      if (clients.size === 0) return
      const bytes = frame('', eventId, event, json)
      for (const client of clients) send(client, bytes)
    },
    beat: () => {
      const bytes = encoder.encode(': beat\n\n')
      for (const client of clients) send(client, bytes)
    },
    open: (viewer) => {
      if (isClosed || clients.size >= options.clientsMax) return 'full'
      const own = [...clients].filter((client) => client.viewer === viewer)
      if (own.length >= options.pagesPerViewerMax) return 'viewer-full'
      let client: Client | undefined
      return new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            client = { viewer, controller, queue: [], needsState: true }
            clients.add(client)
          },
          pull: () => {
            if (client) drain(client)
          },
          cancel: () => {
            if (client) clients.delete(client)
          },
        },
        { highWaterMark: 16 },
      )
    },
    close: () => {
      isClosed = true
      for (const { controller } of clients) controller.close()
      clients.clear()
    },
  }
}

const frame = (head: string, id: number, event: string, json: string): Uint8Array =>
  encoder.encode(`${head}id: ${id}\nevent: ${event}\ndata: ${json}\n\n`)
