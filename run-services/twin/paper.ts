import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { runThread } from '#shared/cloud/thread/body.ts'
import { demoAccounts, demoOptions } from './demo.ts'
import { startTwinServer } from './server.ts'
import { openUpstreamMarket } from './upstream-market.ts'

/** What a paper account is made of. */
export type PaperGiven = {
  /** The venue whose public market fills the orders. */
  readonly restUrl: string
  readonly streamUrl: string
  readonly symbols: readonly string[]
  readonly equityQuote: number
}

/** Where the paper account trades, and with what key. */
export type PaperReady = {
  readonly restUrl: string
  readonly streamUrl: string
  readonly privateKey: string
}

const seed = 7

/**
 * A paper account in a thread of its own, for a trader that runs alone: an exchange on the loopback address that fills
 * orders against a venue's public market. It lives as long as its process; every start is a fresh account.
 */
await runThread<PaperGiven>(async ({ restUrl, streamUrl, symbols, equityQuote }, { log }) => {
  const runtime = createLocalRuntime()
  const market = await openUpstreamMarket({ restUrl, streamUrl }, symbols, runtime, log)
  const { perp } = demoAccounts(seed)
  const { listings, createSources } = market
  const server = await startTwinServer({
    ...demoOptions({ seed, clock: runtime.clock, listings }),
    createSources,
    accounts: [
      {
        name: perp.name,
        user: perp.user,
        signers: [perp.signer],
        walletE8: BigInt(equityQuote) * 10n ** 8n,
      },
    ],
    port: 0,
  })
  market.begin((problem) => {
    if (problem) log(`the market ended: ${problem.message}`)
  })
  const payload: PaperReady = {
    restUrl: server.url,
    streamUrl: server.wsUrl,
    privateKey: perp.privateKey,
  }
  return {
    payload,
    async stop() {
      market.close()
      await server.close()
      runtime.close()
    },
  }
})
