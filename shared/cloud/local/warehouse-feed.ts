import { TradingError } from '#shared/kernel/error.ts'
import type { Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { TableName } from '../manifest/table.ts'
import { topics } from '../manifest/topic.ts'
import type { Bus, Row, Warehouse } from '../port.ts'
import { checkRow } from '../row.ts'

export type FeedFailure = {
  readonly table: TableName
  readonly rows: readonly Row[]
  readonly error: TradingError
  /** True: the rows wait for the next flush. False: they will not be stored unless the callback sees to it. */
  readonly willRetry: boolean
}

export type FeedOptions = {
  readonly timers: Timers
  readonly onFailure: (failure: FeedFailure) => void
  readonly flushIntervalUs?: number
  /** This many waiting rows are written at once instead of at the next second. */
  readonly batchRowsMax?: number
  /** While the warehouse takes nothing, rows past this many are handed to `onFailure`. */
  readonly queueRowsMax?: number
}

export type FeedCounts = {
  readonly written: number
  readonly waiting: number
  readonly refused: number
}

export type WarehouseFeed = {
  counts(): FeedCounts
  /** Writes what waits now. A failed insert is reported and its rows keep waiting. */
  flush(): Promise<void>
  /**
   * Takes what is already on its way, writes everything and unsubscribes. Stop the senders first.
   *
   * @returns `waiting` is 0 unless the last write failed too
   */
  stop(): Promise<FeedCounts>
}

/** A sender that never stops cannot hold up the stop. */
const drainTurnsMax = 1_000

/** The topics whose messages are rows, and their tables. */
const routes = Object.entries(topics).flatMap(([topic, { table }]) =>
  table === undefined ? [] : [{ topic, table }],
)

/** Stores the topics whose messages are rows: rows are collected per table and written in batches. */
export function feedWarehouse(bus: Bus, warehouse: Warehouse, options: FeedOptions): WarehouseFeed {
  const { timers, onFailure } = options
  const { flushIntervalUs = microsPerSecond, batchRowsMax = 5_000 } = options
  const { queueRowsMax = 200_000 } = options
  const waiting = new Map<TableName, Row[]>()
  let received = 0
  let waitingRows = 0
  let written = 0
  let refused = 0
  let flushing: Promise<void> = Promise.resolve()
  let isBatchDue = false
  let cancelTimer = () => {}

  const refuse = (table: TableName, row: Row, error: TradingError) => {
    refused += 1
    onFailure({ table, rows: [row], error, willRetry: false })
  }

  const take = (table: TableName, candidate: unknown) => {
    received += 1
    const row = candidate as Row
    try {
      checkShape(table, candidate)
      checkRow(table, row)
    } catch (error) {
      refuse(table, row, error as TradingError)
      return
    }
    if (waitingRows >= queueRowsMax) {
      refuse(table, row, queueFull(queueRowsMax))
      return
    }
    const rows = waiting.get(table)
    if (rows) rows.push(row)
    else waiting.set(table, [row])
    waitingRows += 1
    if (waitingRows % batchRowsMax === 0 && !isBatchDue) {
      isBatchDue = true
      void flush()
    }
  }

  const flushOnce = async () => {
    isBatchDue = false
    for (const [table, rows] of [...waiting]) {
      waiting.delete(table)
      try {
        await warehouse.insert(table, rows)
        written += rows.length
        waitingRows -= rows.length
      } catch (cause) {
        waiting.set(table, [...rows, ...(waiting.get(table) ?? [])])
        onFailure({ table, rows, error: asTradingError(table, cause), willRetry: true })
      }
    }
  }
  const flush = (): Promise<void> => {
    flushing = flushing.then(flushOnce)
    return flushing
  }

  const schedule = () => {
    cancelTimer = timers.after(flushIntervalUs, () => {
      schedule()
      void flush()
    })
  }
  schedule()

  const unsubscribes = routes.map(({ topic, table }) =>
    bus.subscribe(topic, (message) => take(table, message)),
  )

  const counts = (): FeedCounts => ({ written, waiting: waitingRows, refused })
  return {
    counts,
    flush,
    async stop() {
      await quiet(() => received)
      for (const unsubscribe of unsubscribes) unsubscribe()
      cancelTimer()
      await flush()
      return counts()
    },
  }
}

/**
 * Waits for messages that other threads posted before: they arrive about a thousand per turn of the event loop.
 */
async function quiet(received: () => number): Promise<void> {
  let quietTurns = 0
  for (let turn = 0; turn < drainTurnsMax && quietTurns < 2; turn++) {
    const before = received()
    await new Promise((arrived) => setImmediate(arrived))
    quietTurns = received() === before ? quietTurns + 1 : 0
  }
}

function checkShape(table: string, candidate: unknown): asserts candidate is Row {
  if (typeof candidate !== 'object' || candidate === null)
    throw new TradingError('ROW_INVALID', `message for table '${table}' holds no row`)
}

const queueFull = (queueRowsMax: number): TradingError =>
  new TradingError(
    'WAREHOUSE_BUSY',
    `${queueRowsMax} rows already wait for the warehouse; free its disk or restart it`,
  )

const asTradingError = (table: string, cause: unknown): TradingError =>
  cause instanceof TradingError
    ? cause
    : new TradingError(
        'WAREHOUSE_BUSY',
        `rows for '${table}' could not be written: ${(cause as Error).message.split('\n')[0]}`,
        { table },
        cause,
      )
