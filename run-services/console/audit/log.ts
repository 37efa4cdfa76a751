import type { Warehouse } from '#shared/cloud/port.ts'
import { type AuditRow, auditHeadSql, auditRowsFrom } from '#shared/cloud/query/audit.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerSecond } from '#shared/kernel/unit.ts'
import { canonicalJson } from './canonical.ts'
import { type AuditHead, chainRow, genesis, headOf } from './chain.ts'

export type AuditEntry = {
  readonly requestId: string
  readonly actor: string
  readonly role: string
  readonly action: string
  /**
   * `begun`: stored before the action is carried out; `done` and `failed`: what became of it; `asked`: it waits for a
   * second admin; `refused`: it was never begun; `not-done`: the row `begun` could not be stored in time, so nothing was.
   */
  readonly outcome: 'begun' | 'done' | 'failed' | 'asked' | 'refused' | 'not-done'
  readonly status: number | null
  /** Never holds a token. */
  readonly detail: Readonly<Record<string, unknown>>
}

export type AuditLog = {
  /**
   * Resolves once the row is stored.
   *
   * @throws TradingError PLATFORM_UNREACHABLE when that is not certain: do not act then
   */
  record(entry: AuditEntry): Promise<void>
  /** Counts a refusal; the same ones of a second become one row, which is stored when the second is over. */
  noteRefusal(entry: AuditEntry, address: string): void
  /** The last row this process has stored; undefined before its first. */
  head(): AuditHead | undefined
  /** Stores the refusals that wait. */
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
/** Kinds of refusals told apart within one second; what is beyond them shares one row. */
const refusalKindsMax = 32
const othersKey = 'others'

type Refused = { readonly entry: AuditEntry; readonly address: string; count: number }

/**
 * The one writer of the audit chain. Rows go out one after the other, each with the hash of the one before it; the first
 * write of a process reads where the chain ended.
 *
 * One console runs at a time. Where two write at once, as in the seconds in which one release replaces another, both
 * may continue from the same row: nothing is lost, for the key of the table holds the hash as well, and a check of the
 * chain names the number that is there twice.
 */
export function createAuditLog(ports: AuditPorts): AuditLog {
  const { warehouse, clock, timers, report } = ports
  let tail: Promise<unknown> = Promise.resolve()
  let head: AuditHead | undefined
  let stored: AuditHead | undefined
  let lastUs = 0
  /** Rows of which it is not known whether they are stored; sent again unchanged, which is harmless. */
  let unsettled: readonly AuditRow[] = []
  /** Entries that could not be stored while the warehouse was away. */
  let unrecorded = 0
  let refused = new Map<string, Refused>()
  let cancelGather: (() => void) | undefined

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = tail.then(work)
    tail = turn.catch(() => undefined)
    return turn
  }

  const chained = (from: AuditHead, entries: readonly AuditEntry[]): readonly AuditRow[] => {
    let before = from
    return entries.map((entry) => {
      lastUs = Math.max(lastUs, clock.nowUs())
      const missed = unrecorded > 0 ? { unrecorded } : {}
      unrecorded = 0
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

  const readyHead = async (): Promise<AuditHead> => {
    if (unsettled.length > 0) await insert(unsettled)
    unsettled = []
    if (head) return head
    const [last] = auditRowsFrom(await warehouse.query(auditHeadSql()))
    head = last ? headOf(last) : genesis
    lastUs = last?.recorded_at ?? 0
    return head
  }

  const write = async (entries: readonly AuditEntry[]): Promise<void> => {
    let rows: readonly AuditRow[]
    try {
      rows = chained(await readyHead(), entries)
    } catch (cause) {
      unrecorded += entries.length
      throw unreachable(cause)
    }
    try {
      await insert(rows)
      head = headOf(rows.at(-1)!)
    } catch (cause) {
      // A row that is not valid was certainly not stored; of any other it is unknown.
      if (cause instanceof TradingError && cause.code === 'ROW_INVALID') throw cause
      const given = entries
        .filter(({ outcome }) => outcome === 'begun' || outcome === 'asked')
        .map((entry): AuditEntry => ({ ...entry, outcome: 'not-done', status: 503 }))
      unsettled = [...rows, ...chained(headOf(rows.at(-1)!), given)]
      head = headOf(unsettled.at(-1)!)
      throw unreachable(cause)
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
      if (entries.length > 0) await write(entries)
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

const unreachable = (cause: unknown): TradingError =>
  new TradingError(
    'PLATFORM_UNREACHABLE',
    'the audit log cannot be written, so nothing was done',
    {},
    cause,
  )
