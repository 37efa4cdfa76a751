/** What the system needs from a platform. `local/` binds it to one machine, `gcp/` to Google Cloud. */
export type Platform = {
  readonly bus: Bus
  readonly warehouse: Warehouse
  readonly blobs: Blobs
  readonly secrets: Secrets
}

/** Messages are plain data; money and times travel as decimal strings and numbers. */
export type Message = Readonly<Record<string, unknown>>

/** At least once, in order per topic and sender. */
export type Bus = {
  publish(topic: string, message: Message): void
  /** @returns a function that ends the subscription */
  subscribe(topic: string, receive: (message: Message) => void): () => void
  close(): void
}

export type Row = Readonly<Record<string, string | number | bigint | boolean | null>>

export type Warehouse = {
  /** Rows with a key that is already there are ignored, so a second delivery changes nothing. */
  insert(table: string, rows: readonly Row[]): Promise<void>
  /** @throws TradingError QUERY_INVALID with the database's own message */
  query(sql: string): Promise<QueryResult>
  /** Writes everything down and lets go of the file. */
  close(): Promise<void>
}

export type QueryResult = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

export type Blobs = {
  put(name: string, bytes: Uint8Array): Promise<void>
  get(name: string): Promise<Uint8Array | undefined>
  list(prefix: string): Promise<readonly string[]>
}

export type Secrets = {
  /** @throws TradingError CONFIG_INVALID naming the secret when it is absent */
  get(name: string): string
}

/** Right to be the only writer. `generation` grows with every new holder and is the epoch of order ids. */
export type Lease = {
  /** @throws TradingError LEASE_HELD when another holder renewed it less than its time to live ago */
  acquire(holder: string): Promise<number>
  /** @throws TradingError LEASE_LOST when somebody else holds it now */
  renew(): Promise<void>
  release(): Promise<void>
}
