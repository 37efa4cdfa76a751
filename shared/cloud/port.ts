import type { BucketName } from './manifest/bucket.ts'
import type { ServiceName } from './manifest/service.ts'

/** What the system needs from a platform. `local/` binds it to one machine, `gcp/` to Google Cloud. */
export type Platform = {
  readonly bus: Bus
  readonly warehouse: Warehouse
  /** The bucket of that name in the manifest. */
  readonly blobs: (bucket: BucketName) => Blobs
  readonly secrets: Secrets
  close(): Promise<void>
}

/** Messages are plain data; money and times travel as decimal strings and numbers. */
export type Message = Readonly<Record<string, unknown>>

/** At least once, in order per topic and sender. */
export type Bus = {
  publish(topic: string, message: Message): void
  /**
   * A platform that keeps messages until they are taken waits for a promise that `receive` returns, and offers the
   * message again when that rejects.
   *
   * @returns a function that ends the subscription
   */
  subscribe(topic: string, receive: (message: Message) => void): () => void
  /**
   * Resolves once everything published so far is with the platform; with a topic, everything of that one.
   *
   * @throws TradingError PLATFORM_UNREACHABLE when some of it could not be handed over
   */
  flush(topic?: string): Promise<void>
  close(): void
}

export type Row = Readonly<Record<string, string | number | bigint | boolean | null>>

export type Warehouse = {
  /**
   * A second delivery changes nothing. Of rows that have one key and yet differ, the same one shows in every binding,
   * whatever came first: see `decidingColumns` in row.ts.
   */
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
  /** Writes a blob that must not exist yet. @returns false when it does; nothing is written then */
  create(name: string, bytes: Uint8Array): Promise<boolean>
  get(name: string): Promise<Uint8Array | undefined>
  /** Names that start with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>
}

/** One small text that is replaced only by a writer who knows what stands there. */
export type Register = {
  /** For people: where it lies. */
  readonly place: string
  /** @returns undefined when it was never written */
  read(): Promise<{ readonly text: string; readonly version: string } | undefined>
  /**
   * @param version - of the text it replaces; undefined when there must be none
   * @returns the new version; undefined when something else stands there, and nothing is written then
   * @throws TradingError PLATFORM_UNREACHABLE when it is unknown whether it was written
   */
  write(text: string, version: string | undefined): Promise<string | undefined>
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

/** How many instances of a service run. */
export type ServiceScaling = {
  /** @returns the number it is told to run; undefined when it scales by load */
  instanceCount(service: ServiceName): Promise<number | undefined>
  /** @throws TradingError PLATFORM_UNREACHABLE when it is unknown whether the change was taken: ask again */
  setInstanceCount(service: ServiceName, count: number): Promise<void>
}

export type TrainingRequest = {
  /** Names the job; asking twice starts one. */
  readonly trainingId: string
  readonly image: string
  readonly machine: string
  readonly accelerator: string | undefined
  readonly isSpot: boolean
  readonly arguments: readonly string[]
}

export type TrainingState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'canceled'

export type Training = {
  /** @returns the platform's name of the job */
  start(request: TrainingRequest): Promise<string>
  state(jobName: string): Promise<TrainingState>
}

/** The platform's own list of models, beside the blobs that hold them; people look at it. */
export type ModelCatalog = {
  /** Adds a version, or finds the one of that id. @returns the platform's name of the version */
  register(model: {
    readonly modelId: string
    readonly blobUri: string
    readonly labels: Readonly<Record<string, string>>
  }): Promise<string>
  /** Moves the alias `promoted` to that version. */
  promote(versionName: string): Promise<void>
}
