import { lotsFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import type { AccountStatement, Emit, InstrumentListing, Venue } from '../venue.ts'
import { createAccountFacts } from './account-facts.ts'
import { createAccountReader } from './account-reader.ts'
import { createRateBudget } from './budget.ts'
import { readFees } from './codec/listing.ts'
import { endpoints } from './endpoint.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { createMarketStream, type MarketStream } from './market-stream.ts'
import { createNonceSource } from './nonce.ts'
import { createOrderMemory } from './order-memory.ts'
import { publicReads } from './public.ts'
import { createReconcile, type Reconcile } from './reconcile.ts'
import { createRest } from './rest.ts'
import type { Signer } from './sign.ts'
import { createUserStream, type UserStream } from './user-stream.ts'

export type AsterVenueOptions = {
  readonly runtime: Runtime
  /** Scheme and host, no path: `https://fapi.asterdex.com`. */
  readonly restUrl: string
  /** Scheme and host, no path: `wss://fstream.asterdex.com`. */
  readonly streamUrl: string
  /** Index of the account in the executor's table; stands on its events. */
  readonly accountId: number
  /** Wallet asset the account is kept in: `USDT`. */
  readonly asset: string
  /** Absent: public data only, every order is refused. */
  readonly signer?: Signer
  /** Symbols whose own fee rates are asked for when listings are loaded; the rest get the documented ones. */
  readonly feeSymbols?: readonly string[]
  readonly emit: Emit
  /** Faults a person has to know of. What `error.remedy` says `halt` to must stop trading. */
  readonly onFault: (error: TradingError) => void
}

export type AsterVenue = Venue & {
  /** Nonce an order was placed with, while the order is remembered; guarded cancels need it. */
  placingNonce(clientOrderId: string): number | undefined
}

/** Everything that exists once the instruments are known. */
type Session = {
  readonly instruments: readonly Instrument[]
  readonly gateway: Gateway
  readonly reconcile: Reconcile
  readonly marketStream: MarketStream
  readonly userStream: UserStream
}

/** One Aster V3 account: the port {@link Venue} over REST and streams. */
export function createAsterVenue(options: AsterVenueOptions): AsterVenue {
  const { runtime, restUrl, streamUrl, accountId, asset, signer, emit } = options
  const reported = new WeakSet<TradingError>()
  // A ban meets every later request with the same error.
  const onFault = (error: TradingError): void => {
    if (reported.has(error)) return
    reported.add(error)
    options.onFault(error)
  }
  const budget = createRateBudget(runtime.clock)
  const nonces = createNonceSource(runtime.clock)
  const base = { runtime, restUrl, budget, nonces, onFault }
  const rest = createRest(signer ? { ...base, signer } : base)
  const reads = publicReads(rest)
  const reader = createAccountReader(rest, asset)
  const memory = createOrderMemory()
  let session: Session | undefined

  async function loadListings(): Promise<readonly InstrumentListing[]> {
    await rest.syncClock()
    const { listings, rateLimits } = await reads.exchangeInfo()
    budget.setLimits(rateLimits)
    const feeSymbols = signer ? (options.feeSymbols ?? []) : []
    const feesBySymbol = new Map<string, ReturnType<typeof readFees>>()
    for (const symbol of feeSymbols)
      feesBySymbol.set(
        symbol,
        readFees(await rest.read(endpoints.commissionRate, [['symbol', symbol]])),
      )
    return listings.map((listing) => ({ ...listing, ...feesBySymbol.get(listing.symbol) }))
  }

  function createSession(instruments: readonly Instrument[]): Session {
    const instrumentBySymbol = new Map(instruments.map((i) => [i.symbol, i]))
    const instrumentById = new Map(instruments.map((i) => [i.id, i]))
    const { clock } = runtime
    const facts = createAccountFacts({ clock, accountId, instrumentBySymbol, memory, emit })
    const reconcile = createReconcile({ rest, reader, facts, memory, instruments })
    return {
      instruments,
      reconcile,
      gateway: createGateway({
        clock,
        rest,
        reader,
        facts,
        memory,
        instrumentById,
        emit,
        readFills: reconcile.readFills,
        onFault,
      }),
      marketStream: createMarketStream({
        runtime,
        streamUrl,
        instruments,
        loadSnapshot: reads.depth,
        emit,
        onFault,
      }),
      userStream: createUserStream({
        runtime,
        streamUrl,
        rest,
        facts,
        reconcile,
        instrumentBySymbol,
        asset,
        onFault,
      }),
    }
  }

  async function start(instruments: readonly Instrument[]): Promise<void> {
    const started = createSession(instruments)
    session = started
    await rest.syncClock()
    if (signer) {
      for (const instrument of instruments) await started.gateway.clear(instrument)
      await started.reconcile.open()
      started.userStream.start()
    }
    started.marketStream.start()
  }

  function send(intent: Intent): void {
    if (!session)
      throw new TradingError('STATE_CORRUPT', 'the venue was sent an order before start')
    session.gateway.send(intent)
  }

  async function readAccount(): Promise<AccountStatement> {
    if (!session) throw new TradingError('STATE_CORRUPT', 'the account was read before start')
    const { instruments, reconcile } = session
    // What the streams have lost is told first, so that whoever compares compares the same facts.
    await reconcile.run()
    const walletE8 = await reader.wallet()
    const positions = await reader.positions()
    const openOrders: { symbol: string; clientOrderId: string }[] = []
    for (const instrument of instruments)
      for (const { symbol, clientOrderId } of await reader.openOrders(instrument))
        openOrders.push({ symbol, clientOrderId })
    const income = await reader.income(reconcile.openedAtMs)
    return {
      walletE8,
      positions: instruments.map(({ symbol, sizeGrid }) => ({
        symbol,
        positionLots: lotsFromDecimal(positions.get(symbol)?.amount ?? '0', sizeGrid),
      })),
      openOrders,
      income: income
        .filter((row) => !reconcile.isHistory(row))
        .map(({ symbol, incomeType, amountE8, transactionId, timeMs }) => ({
          symbol,
          incomeType,
          amountE8,
          transactionId,
          timeMs,
        })),
    }
  }

  return {
    loadListings,
    start,
    send,
    readAccount,
    stop: async () => {
      session?.marketStream.stop()
      session?.userStream.stop()
    },
    placingNonce: (clientOrderId) => memory.find(clientOrderId)?.placingNonce,
  }
}
