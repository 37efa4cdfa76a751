import type { Warehouse } from '#shared/cloud/port.ts'
import {
  type AuditRow,
  auditAfterSql,
  auditBeforeSql,
  auditRowsFrom,
} from '#shared/cloud/query/audit.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerSecond } from '#shared/kernel/unit.ts'
import { canonicalJson } from './canonical.ts'
import {
  type AuditHead,
  type Continuation,
  chainRow,
  continueChain,
  headOf,
  joinedRowsMax,
} from './chain.ts'

export type AuditEntry = {
  readonly requestId: string
  readonly actor: string
  readonly role: string
  readonly action: string
  /**
   * `begun`: stored before the action is carried out; `done` and `failed`: what became of it; `asked`: it waits for a
   * second admin; `refused`: it was never begun; `not-done`: the row `begun` could not be stored in time, so nothing was. A
   * stop, which waits for no row, has no such row.
   */
  readonly outcome: 'begun' | 'done' | 'failed' | 'asked' | 'refused' | 'not-done'
  readonly status: number | null
  /** It is carried out whether or not this row can be stored. */
  readonly isStop?: boolean | undefined
  /** Never holds a token. */
  readonly detail: Readonly<Record<string, unknown>>
}

export type AuditLog = {
  /**
   * Resolves once the row is stored. What tells of something that happens all the same, be it `done`, `failed` or of a
   * stop, is kept while the warehouse is away, and goes out with the time of the first try before the next row.
   *
   * @throws TradingError PLATFORM_UNREACHABLE when that is not certain: do not act then, unless it is a stop
   */
  record(entry: AuditEntry): Promise<void>
  /** Counts a refusal; the same ones of a second become one row, which is stored when the second is over. */
  noteRefusal(entry: AuditEntry, address: string): void
  /** The last row this process has stored; undefined before its first. */
  head(): AuditHead | undefined
  /** Stores what waits: refusals, and what was kept while the warehouse was away. */
  flush(): Promise<void>
  close(): Promise<void>
}

export type AuditPorts = {
  readonly warehouse: Pick<Warehouse, 'query' | 'insert'>
  readonly clock: Clock
  readonly timers: Timers
  readonly report: (fault: unknown) => void
  /** Hears every stored head; written to a log, it anchors the chain outside of its table. */
  readonly onHead?: (head: AuditHead) => void
}

const gatherUs = microsPerSecond
/** After this pause a write first looks whether another console has written meanwhile. */
const lookAgainUs = 5 * microsPerSecond
/** Rows it looks at; more than two consoles write while one release replaces another. */
const newestRows = 200
/** Entries kept while the warehouse is away; what is beyond them is counted. */
const keptMax = 1_000
/** Kinds of refusals told apart within one second; what is beyond them shares one row. */
const refusalKindsMax = 32
const othersKey = 'others'

type Noted = AuditEntry & { readonly atUs: number }

type Refused = { readonly entry: AuditEntry; readonly address: string; count: number }

/**
 * A writer of the audit chain. Rows go out one after the other, each with the hash of the one before it; the first write
 * of a process reads where the chain ended, and a write after a pause looks again.
 *
 * One console runs at a time, but while one release replaces another two write, and may continue from the same row.
 * Nothing is lost then, for the key of the table holds the hash as well, and the next write joins both branches: its
 * detail names what it found. See {@link continueChain}.
 */
export function createAuditLog(ports: AuditPorts): AuditLog {
  const { warehouse, clock, timers, report } = ports
  let tail: Promise<unknown> = Promise.resolve()
  let head: AuditHead | undefined
  let stored: AuditHead | undefined
  let lastUs = 0
  let lookedUs = Number.NEGATIVE_INFINITY
  /** Rows of which it is not known whether they are stored; sent again unchanged, which is harmless. */
  let unsettled: readonly AuditRow[] = []
  /** Entries of things that happened although no row of them could be tried. */
  let kept: readonly Noted[] = []
  /** Entries that could not be stored while the warehouse was away. */
  let unrecorded = 0
  /** How many of them the unsettled rows tell of. */
  let unrecordedInUnsettled = 0
  let refused = new Map<string, Refused>()
  let cancelGather: (() => void) | undefined

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = tail.then(work)
    tail = turn.catch(() => undefined)
    return turn
  }

  const chained = (from: Continuation, entries: readonly Noted[]): readonly AuditRow[] => {
    let { head: before, joins } = from
    return entries.map((entry) => {
      lastUs = Math.max(lastUs, entry.atUs)
      const missed = {
        ...(unrecorded > 0 ? { unrecorded } : {}),
        ...(joins.length > 0 ? { joins } : {}),
      }
      unrecorded = 0
      joins = []
      const row = chainRow(before, {
        recorded_at: lastUs as Micros,
        request_id: entry.requestId,
        actor: entry.actor,
        role: entry.role,
        action: entry.action,
        outcome: entry.outcome,
        status: entry.status,
        detail: canonicalJson({ ...entry.detail, ...missed }),
      })
      before = headOf(row)
      return row
    })
  }

  const insert = async (rows: readonly AuditRow[]): Promise<void> => {
    await warehouse.insert('audit_log', rows)
    stored = headOf(rows.at(-1)!)
    ports.onHead?.(stored)
  }

  /** What is refused for good would stand in the way of every later row: it is said, and counted in the next one. */
  const settle = async (rows: readonly AuditRow[]): Promise<void> => {
    try {
      await insert(rows)
    } catch (cause) {
      if (!isCertain(cause)) throw cause
      report(cause)
      // A row `not-done` tells of the same entry as the one before it.
      const lost = rows.filter(({ outcome }) => outcome !== 'not-done')
      unrecorded += lost.length + unrecordedInUnsettled
      head = undefined
    }
  }

  const look = async (): Promise<Continuation> => {
    const read = async (sql: string) => auditRowsFrom(await warehouse.query(sql))
    const newest = await read(auditBeforeSql(Number.MAX_SAFE_INTEGER, newestRows))
    lastUs = Math.max(lastUs, newest[0]?.recorded_at ?? 0)
    const own = head
    const isOwn = ({ row_hash }: AuditRow) => row_hash === own?.rowHash
    if (!own || newest.some(isOwn)) return continueChain(newest, own)
    // Another console may have written more than that since: only a look at the row itself tells whether it is gone.
    const since = await read(auditAfterSql(own.sequence - 1, joinedRowsMax))
    if (!since.some(isOwn) || since.length < joinedRowsMax)
      return continueChain(since.toReversed(), own)
    return continueChain(newest, undefined)
  }

  const findEnd = async (): Promise<Continuation> => {
    if (unsettled.length > 0) await settle(unsettled)
    unsettled = []
    if (head && clock.nowUs() - lookedUs < lookAgainUs) return { head, joins: [] }
    const found = await look()
    if (found.joins.length > 0) report(otherWriter(found))
    lookedUs = clock.nowUs()
    head = found.head
    return found
  }

  /** Where the next row goes, once all that waited is stored. */
  const settledEnd = async (): Promise<Continuation> => {
    const end = await findEnd()
    if (kept.length === 0) return end
    unrecordedInUnsettled = unrecorded
    unsettled = chained(end, kept)
    kept = []
    head = headOf(unsettled.at(-1)!)
    return await findEnd()
  }

  const keep = (entries: readonly Noted[]): void => {
    const room = keptMax - kept.length
    const added = entries.filter(happens).slice(0, room)
    kept = [...kept, ...added]
    unrecorded += entries.length - added.length
  }

  const write = async (given: readonly AuditEntry[]): Promise<void> => {
    const entries = given.map((entry): Noted => ({ ...entry, atUs: clock.nowUs() }))
    let rows: readonly AuditRow[]
    let told = 0
    try {
      const from = await settledEnd()
      if (entries.length === 0) return
      told = unrecorded
      rows = chained(from, entries)
    } catch (cause) {
      keep(entries)
      throw unreachable(cause, entries)
    }
    try {
      await insert(rows)
      head = headOf(rows.at(-1)!)
    } catch (cause) {
      if (isCertain(cause)) {
        unrecorded += told + entries.length
        throw unreachable(cause, entries)
      }
      unrecordedInUnsettled = told
      const prevented = entries
        .filter((entry) => !happens(entry) && entry.outcome !== 'refused')
        .map((entry): Noted => ({ ...entry, outcome: 'not-done', status: 503 }))
      unsettled = [...rows, ...chained({ head: headOf(rows.at(-1)!), joins: [] }, prevented)]
      head = headOf(unsettled.at(-1)!)
      throw unreachable(cause, entries)
    }
  }

  const takeRefused = (): readonly AuditEntry[] => {
    const entries = [...refused.values()].map(({ entry, address, count }) => ({
      ...entry,
      detail: { ...entry.detail, address, count },
    }))
    refused = new Map()
    cancelGather?.()
    cancelGather = undefined
    return entries
  }

  const flush = (): Promise<void> =>
    inTurn(async () => {
      const entries = takeRefused()
      if (entries.length + unsettled.length + kept.length > 0) await write(entries)
    })

  return {
    record: (entry) => inTurn(() => write([...takeRefused(), entry])),
    noteRefusal(entry, address) {
      const ownKey = [entry.actor, address, entry.action, entry.status].join('\n')
      const isFull = refused.size >= refusalKindsMax && !refused.has(ownKey)
      const key = isFull ? othersKey : ownKey
      const known = refused.get(key)
      if (known) known.count++
      else
        refused.set(key, {
          entry: isFull ? { ...entry, actor: othersKey, action: othersKey } : entry,
          address: isFull ? othersKey : address,
          count: 1,
        })
      cancelGather ??= timers.after(gatherUs, () => {
        flush().catch(report)
      })
    },
    head: () => stored,
    flush,
    close: () => flush(),
  }
}

/** A row that was refused was certainly not stored; after silence it is unknown. */
const isCertain = (cause: unknown): boolean =>
  cause instanceof TradingError && cause.remedy !== 'retry-later'

const happens = ({ outcome, isStop }: AuditEntry): boolean =>
  isStop === true || outcome === 'done' || outcome === 'failed'

const unreachable = (cause: unknown, entries: readonly AuditEntry[]): TradingError =>
  new TradingError(
    'PLATFORM_UNREACHABLE',
    entries.length > 0 && !entries.some(happens)
      ? 'the audit log cannot be written, so nothing was done'
      : 'the audit log cannot be written; what was done stays done, and is recorded or counted later',
    {},
    cause,
  )

const otherWriter = ({ head, joins }: Continuation): TradingError =>
  new TradingError(
    'AUDIT_BROKEN',
    `another console writes the audit log too (${joins.length} ends joined by row ${head.sequence + 1}); ` +
      'expected only while one release replaces another',
  )
