import { demoAccounts, demoOptions } from '#services/twin/demo.ts'
import { startTwinServer } from '#services/twin/server.ts'
import { openUpstreamMarket, type PlayedMarket } from '#services/twin/upstream-market.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { runThread } from '#shared/cloud/thread/body.ts'
import { openTapeMarket } from '../market.ts'

export type TwinGiven = {
  readonly seed: number
  readonly symbols: readonly string[] | undefined
  readonly tapes: readonly string[]
  /** Set when the market is Aster's own. */
  readonly upstream?: { readonly restUrl: string; readonly streamUrl: string }
  readonly walletQuote: { readonly perp: number; readonly hedge: number }
  /** Seconds between funding settlements on an invented market. */
  readonly fundingEverySeconds: number
}

export type TwinReady = {
  readonly restUrl: string
  readonly streamUrl: string
  readonly symbols: readonly string[]
  /** The hedge account is there only when its markets are. */
  readonly accounts: readonly { readonly name: string; readonly privateKey: string }[]
}

const withSpotSister = (symbol: string): string[] => [symbol, symbol.replace(/USDT$/, 'SPOT')]
const e8 = (quote: number): bigint => BigInt(quote) * 10n ** 8n

await runThread<TwinGiven>(async (given, { log, notice }) => {
  const runtime = createLocalRuntime()
  const played = await openMarket(given, runtime, log)
  const accounts = demoAccounts(given.seed)
  const perp = { ...accounts.perp, walletE8: e8(given.walletQuote.perp) }
  const hedge = { ...accounts.hedge, walletE8: e8(given.walletQuote.hedge) }
  const hasHedge = played === undefined && given.walletQuote.hedge > 0
  const present = hasHedge ? [perp, hedge] : [perp]

  const symbols = played ? played.listings.map(({ symbol }) => symbol) : (given.symbols ?? [])
  const invented = demoOptions({
    seed: given.seed,
    clock: runtime.clock,
    ...(played
      ? { listings: played.listings }
      : { symbols: hasHedge ? symbols.flatMap(withSpotSister) : symbols }),
  })
  const server = await startTwinServer({
    ...(played
      ? { ...invented, listings: played.listings, createSources: played.createSources }
      : { ...invented, fundingIntervalHours: given.fundingEverySeconds / 3_600 }),
    accounts: present.map(({ name, user, signer, walletE8 }) => ({
      name,
      user,
      signers: [signer],
      walletE8,
    })),
    port: 0,
  })
  played?.begin((problem) => {
    if (problem) notice('tape-broken', problem.message)
    else notice('tape-ended', undefined)
  })
  const payload: TwinReady = {
    restUrl: server.url,
    streamUrl: server.wsUrl,
    symbols,
    accounts: present.map(({ name, privateKey }) => ({ name, privateKey })),
  }
  return {
    payload,
    async stop() {
      played?.close()
      await server.close()
      runtime.close()
    },
  }
})

async function openMarket(
  { tapes, symbols, upstream }: TwinGiven,
  runtime: ReturnType<typeof createLocalRuntime>,
  log: (line: string) => void,
): Promise<PlayedMarket | undefined> {
  if (tapes.length > 0) return await openTapeMarket(tapes, symbols, runtime)
  if (upstream) return await openUpstreamMarket(upstream, symbols ?? [], runtime, log)
  return undefined
}
