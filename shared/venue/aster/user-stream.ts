import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { AccountFacts } from './account-facts.ts'
import { type AccountUpdate, type OrderUpdate, readUserMessage } from './codec/user-event.ts'
import { parseWire, readShape } from './codec/wire.ts'
import { createConnection } from './connection.ts'
import { endpoints } from './endpoint.ts'
import { type Reconcile, reconcileEveryUs, streamLagUsMax } from './reconcile.ts'
import type { Rest } from './rest.ts'

export type UserStream = { start(): void; stop(): void }

export type UserStreamOptions = {
  readonly runtime: Runtime
  /** Scheme and host, no path. */
  readonly streamUrl: string
  readonly rest: Rest
  readonly facts: AccountFacts
  readonly reconcile: Reconcile
  readonly instrumentBySymbol: ReadonlyMap<string, Instrument>
  /** Wallet asset the account is kept in. */
  readonly asset: string
  readonly onFault: (error: TradingError) => void
}

/** The key lives 60 minutes. */
const keepAliveEveryUs = 30 * microsPerMinute
/** News on their way over the old socket when another takes over; the repeats that this brings are harmless. */
const overlapUs = 5 * microsPerSecond
const fundingAttemptsMax = 6
/** Settlements are booked and announced up to this far apart. */
const fundingSlackMs = 60_000
const fundingBackoffUs = microsPerSecond

const listenKeyMessage = z.object({ listenKey: z.string().min(1) })

/**
 * The account as it changes. The stream has no sequence numbers and no order, so it only ever hurries news that
 * the lists also hold: it counts as up once it is open and the lists have been read after that.
 */
export function createUserStream(options: UserStreamOptions): UserStream {
  const { runtime, streamUrl, rest, facts, reconcile, asset, onFault } = options
  const decoder = new TextDecoder()
  let isUp = false
  /** Grows with every change of the socket: work begun under an older one is stale. */
  let generation = 0
  let cancelKeepAlive = () => {}
  let cancelReconcile = () => {}
  let isReadingFunding = false

  const connection = createConnection({
    runtime,
    url: async () => {
      const body = await rest.read(endpoints.createListenKey, [])
      return `${streamUrl}/ws/${readShape(listenKeyMessage, body, 'listenKey').listenKey}`
    },
    onUp: () => {
      generation++
      keepAliveLater()
      catchUp(generation, true)
    },
    onDown: (reason) => {
      generation++
      cancelKeepAlive()
      cancelReconcile()
      setUp(false, reason)
    },
    onMessage: (bytes) => take(decoder.decode(bytes)),
    onFault: report,
    overlapUs,
  })

  function setUp(up: boolean, reason: string): void {
    if (isUp === up) return
    isUp = up
    facts.userStream(up, reason)
  }

  /** Reads the lists; the stream is up when that has worked, and given up when it has not. */
  function catchUp(asked: number, isFirst: boolean): void {
    reconcile.run().then(
      (missedFillUs) => {
        if (asked !== generation) return
        // Right after connecting, missed fills are what the lists are read for; later they prove a dead stream.
        if (!isFirst && missedFillUs > streamLagUsMax) {
          connection.restart('user stream did not bring a fill that the trade list has')
          return
        }
        setUp(true, isFirst ? 'stream open, lists read' : 'lists read')
        cancelReconcile = runtime.timers.after(reconcileEveryUs, () => catchUp(asked, false))
      },
      (error: unknown) => {
        report(error)
        if (asked === generation) connection.restart('account lists could not be read')
      },
    )
  }

  function keepAliveLater(): void {
    cancelKeepAlive()
    cancelKeepAlive = runtime.timers.after(keepAliveEveryUs, () => {
      const asked = generation
      rest.read(endpoints.keepListenKey, []).then(
        () => {
          if (asked === generation) keepAliveLater()
        },
        (error: unknown) => {
          report(error)
          if (asked === generation) connection.restart('listen key could not be kept alive')
        },
      )
    })
  }

  function take(text: string): void {
    const message = readMessage(text)
    if (!message) return
    if (message.kind === 'order') takeOrder(message)
    else if (message.kind === 'account') takeAccount(message)
    else if (message.kind === 'listen-key-expired') connection.restart('listen key expired')
  }

  function readMessage(text: string) {
    try {
      return readUserMessage(parseWire(text), options.instrumentBySymbol)
    } catch (error) {
      report(error)
      // What the frame said is in the lists too.
      connection.restart('a user stream frame could not be read')
      return undefined
    }
  }

  function takeOrder(update: OrderUpdate): void {
    const { instrument, clientOrderId, execution } = update
    if (execution) facts.fill(instrument, clientOrderId, execution)
    // A partial fill tells nothing that its fill does not.
    if (execution && update.status === 'working') return
    facts.order(instrument, { ...update, symbol: instrument.symbol })
  }

  function takeAccount(update: AccountUpdate): void {
    const wallet = update.wallets.find((entry) => entry.asset === asset)
    if (wallet) facts.wallet(wallet.walletE8, update.eventTimeUs)
    if (update.reason === 'FUNDING_FEE') readFundingSoon(update.eventTimeUs / microsPerMilli)
  }

  /**
   * The push names no amount per symbol; the income list does, sometimes a little later. A push may also come late,
   * when the list has told already.
   */
  function readFundingSoon(announcedMs: number): void {
    if (isReadingFunding) return
    isReadingFunding = true
    const asked = generation
    const attempt = async (): Promise<void> => {
      for (let n = 1; n <= fundingAttemptsMax; n++) {
        if ((await reconcile.readFunding()) > 0) return
        await rest.pause(fundingBackoffUs * 2 ** (n - 1))
        if (asked !== generation) return
      }
      if (reconcile.fundingSeenMs >= announcedMs - fundingSlackMs) return
      throw new TradingError(
        'LEDGER_MISMATCH',
        'the venue announced a funding settlement that its income list does not show; check the account',
      )
    }
    attempt()
      .catch(report)
      .finally(() => {
        isReadingFunding = false
      })
  }

  function report(error: unknown): void {
    if (!(error instanceof TradingError)) throw error
    onFault(error)
  }

  return {
    start: connection.start,
    stop: () => {
      generation++
      cancelKeepAlive()
      cancelReconcile()
      connection.stop()
      setUp(false, 'stopped')
    },
  }
}
