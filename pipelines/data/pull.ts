import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openParquetWriter, writeParquet } from '#shared/cloud/local/parquet-writer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { candleIntervalUsOf } from '#shared/market/candle-interval.ts'
import {
  type Manifest,
  type ManifestEntry,
  readManifest,
  sha256Of,
  stateOf,
  writeManifest,
} from './manifest.ts'
import { type PullPart, planParts } from './pull-plan.ts'
import {
  type Cursor,
  createVenueReader,
  type PullKind,
  type PullSource,
  type VenueName,
  venueHosts,
} from './pull-source.ts'
import { syntheticKey } from './synthetic.ts'

export type PullOptions = {
  readonly runtime: Runtime
  readonly venue: VenueName
  readonly restUrl: string
  readonly kind: PullKind
  readonly symbols: readonly string[]
  readonly interval: string
  readonly fromMs: number
  /** Undefined: until now. */
  readonly toMs: number | undefined
  readonly folder: string
  readonly isStopped?: () => boolean
  readonly onProgress?: (done: number, total: number, what: string) => void
}

export type PullReport = {
  readonly files: readonly ManifestEntry[]
  /** Files that were there already, whole and unchanged. */
  readonly kept: number
  readonly rows: number
  readonly isStopped: boolean
}

/** Only the venue itself is taken at its word; what answers under another name may be a test. */
const isSyntheticHost = (venue: VenueName, restUrl: string): boolean =>
  new URL(restUrl).host !== new URL(venueHosts[venue].rest).host

/**
 * Pulls public history into Parquet, a file per symbol and month, and remembers each in the manifest when it is whole.
 * Candles that are still open are left out. Gaps of the venue stay gaps.
 *
 * @throws TradingError VENUE_*, WIRE_SHAPE_UNKNOWN, FILE_UNREADABLE; files that were finished before stay
 */
export async function pull(options: PullOptions): Promise<PullReport> {
  const { runtime, venue, restUrl, kind, folder } = options
  const reader = createVenueReader(runtime, venue, restUrl)
  const nowMs = await reader.time()
  const synthetic = isSyntheticHost(venue, restUrl)
  await mkdir(folder, { recursive: true })
  const manifest = (await readManifest(folder)) ?? { version: 1 as const, synthetic, files: [] }
  if (manifest.synthetic !== synthetic)
    throw new TradingError(
      'CONFIG_INVALID',
      `${folder} holds ${manifest.synthetic ? 'synthetic' : 'real'} markets and ${restUrl} is ${synthetic ? 'not the venue itself' : 'the venue itself'}; name another --out`,
    )
  const info = await reader.exchangeInfo()
  if (kind === 'exchange-info') return await pullListings(options, manifest, info, nowMs)
  checkSymbols(options, info)
  const hasInterval = kind === 'klines' || kind === 'mark'
  const intervalMs = hasInterval ? (candleIntervalUsOf(options.interval) as number) / 1_000 : 0
  // The candle that ends at this moment is the last one that can no longer change.
  const closedMs = nowMs - intervalMs + 1
  const parts = planParts({
    ...options,
    kind,
    interval: hasInterval ? options.interval : undefined,
    toMs: Math.min(options.toMs ?? closedMs, Math.max(closedMs, options.fromMs)),
  })
  const source = reader.source(kind, options.interval)
  let kept = 0
  let rows = 0
  const files: ManifestEntry[] = []
  for (const [index, part] of parts.entries()) {
    if (options.isStopped?.()) return { files, kept, rows, isStopped: true }
    options.onProgress?.(index, parts.length, part.path)
    const known = manifest.files.find(({ path }) => path === part.path)
    if (known && (await isGood(folder, known, part))) {
      kept++
      files.push(known)
      continue
    }
    const wanted = known
      ? {
          ...part,
          fromMs: Math.min(part.fromMs, known.fromMs),
          toMs: Math.max(part.toMs, known.toMs),
        }
      : part
    const entry = await pullPart({ ...options, synthetic, nowMs: closedMs }, source, wanted)
    remember(manifest, entry)
    await writeManifest(folder, manifest)
    files.push(entry)
    rows += entry.rows
  }
  options.onProgress?.(parts.length, parts.length, '')
  return { files, kept, rows, isStopped: false }
}

const isGood = async (folder: string, known: ManifestEntry, part: PullPart): Promise<boolean> =>
  known.isComplete &&
  known.fromMs <= part.fromMs &&
  known.toMs >= part.toMs &&
  (await stateOf(folder, known)) === 'intact'

function remember(manifest: Manifest, entry: ManifestEntry): void {
  const index = manifest.files.findIndex(({ path }) => path === entry.path)
  if (index < 0) manifest.files.push(entry)
  else manifest.files[index] = entry
}

function checkSymbols({ symbols, venue }: PullOptions, info: unknown): void {
  const listed = (info as { symbols?: readonly { symbol?: string }[] }).symbols ?? []
  const names = new Set(listed.map(({ symbol }) => symbol))
  const unknown = symbols.find((symbol) => !names.has(symbol))
  if (unknown !== undefined)
    throw new TradingError(
      'SYMBOL_UNKNOWN',
      `${venue} lists no ${unknown}; see --kind exchange-info`,
    )
}

async function pullPart(
  options: PullOptions & { readonly synthetic: boolean; readonly nowMs: number },
  source: PullSource,
  part: PullPart,
): Promise<ManifestEntry> {
  const { venue, restUrl, kind, interval, synthetic } = options
  const path = join(options.folder, part.path)
  await mkdir(dirname(path), { recursive: true })
  const hasInterval = kind === 'klines' || kind === 'mark'
  const writer = await openParquetWriter({
    path,
    columns: source.columns,
    attributes: {
      [syntheticKey]: String(synthetic),
      source: restUrl,
      venue,
      kind,
      symbol: part.symbol,
      ...(hasInterval ? { interval } : {}),
    },
  })
  let firstMs: number | undefined
  let lastMs: number | undefined
  try {
    let cursor: Cursor | undefined = { fromMs: part.fromMs }
    while (cursor) {
      const page = await source.page(part.symbol, cursor, part.toMs)
      for (const { timeMs } of page.rows) {
        if (lastMs !== undefined && (timeMs < lastMs || (hasInterval && timeMs === lastMs)))
          throw new TradingError(
            'WIRE_SHAPE_UNKNOWN',
            `${kind} of ${part.symbol}: the venue sent ${timeMs} after ${lastMs}; pull again later`,
          )
        firstMs ??= timeMs
        lastMs = timeMs
      }
      const columns = Object.keys(source.columns).map((_, column) =>
        page.rows.map(({ cells }) => cells[column]),
      )
      writer.append(columns)
      cursor = page.next
    }
    await writer.close()
  } catch (error) {
    writer.abort()
    throw error
  }
  return {
    path: part.path,
    venue,
    kind,
    symbol: part.symbol,
    ...(hasInterval ? { interval } : {}),
    fromMs: part.fromMs,
    toMs: part.toMs,
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(lastMs === undefined ? {} : { lastMs }),
    rows: writer.rows,
    bytes: (await stat(path)).size,
    sha256: await sha256Of(path),
    isComplete: part.toMs < options.nowMs,
    source: restUrl,
  }
}

/** One row per symbol, with the filters that orders must pass and the whole entry as the venue sent it. */
async function pullListings(
  { venue, restUrl, folder }: PullOptions,
  manifest: Manifest,
  info: unknown,
  nowMs: number,
): Promise<PullReport> {
  type Entry = {
    readonly symbol?: unknown
    readonly status?: unknown
    readonly contractType?: unknown
    readonly filters?: readonly Readonly<Record<string, unknown>>[]
  }
  const symbols = (info as { symbols?: readonly Entry[] }).symbols
  if (!Array.isArray(symbols))
    throw new TradingError('WIRE_SHAPE_UNKNOWN', "exchangeInfo: field 'symbols' is missing")
  const path = `${venue}/exchange-info/${new Date(nowMs).toISOString().slice(0, 10)}.parquet`
  await mkdir(dirname(join(folder, path)), { recursive: true })
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const filter = (entry: Entry, type: string, field: string) =>
    text(entry.filters?.find(({ filterType }) => filterType === type)?.[field])
  const column = (read: (entry: Entry) => string | undefined) => symbols.map(read)
  await writeParquet(
    {
      path: join(folder, path),
      columns: {
        timestamp: 'timestamp',
        symbol: 'string',
        status: 'string',
        contract_type: 'string',
        tick_size: 'string',
        step_size: 'string',
        min_notional: 'string',
        body: 'string',
      },
      attributes: {
        [syntheticKey]: String(manifest.synthetic),
        source: restUrl,
        venue,
        kind: 'exchange-info',
      },
    },
    [
      symbols.map(() => nowMs * 1_000),
      column((entry) => text(entry.symbol)),
      column((entry) => text(entry.status)),
      column((entry) => text(entry.contractType)),
      column((entry) => filter(entry, 'PRICE_FILTER', 'tickSize')),
      column((entry) => filter(entry, 'LOT_SIZE', 'stepSize')),
      column((entry) => filter(entry, 'MIN_NOTIONAL', 'notional')),
      column((entry) => JSON.stringify(entry)),
    ],
  )
  const entry: ManifestEntry = {
    path,
    venue,
    kind: 'exchange-info',
    symbol: '*',
    fromMs: nowMs,
    toMs: nowMs,
    firstMs: nowMs,
    lastMs: nowMs,
    rows: symbols.length,
    bytes: (await stat(join(folder, path))).size,
    sha256: await sha256Of(join(folder, path)),
    isComplete: true,
    source: restUrl,
  }
  remember(manifest, entry)
  await writeManifest(folder, manifest)
  return { files: [entry], kept: 0, rows: entry.rows, isStopped: false }
}
