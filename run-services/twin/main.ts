import type { Values } from '#shared/cloud/command-line/command.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import { demoAccounts, demoOptions } from './demo.ts'
import { twinCommand } from './options.ts'
import { startTwinServer } from './server.ts'
import { openTapeMarket, type TapeMarket } from './tape-market.ts'

const refillEveryMs = 50

await runProcess(
  carryOut(twinCommand, async ({ options }) => {
    await serveTwin(options)
    return 0
  }),
)

async function serveTwin(options: Values<typeof twinCommand.options>): Promise<void> {
  const { seed, symbols, tape: tapes = [], funding: fundingSeconds, port, host } = options
  const clock = createWallClock()
  const tape = tapes.length > 0 ? await openTapeMarket(tapes, symbols, clock.nowUs()) : undefined
  const isAtEnd = await tape?.refill()
  const paper = tape
    ? { ...demoOptions({ seed, clock, listings: tape.listings }), createSources: () => [tape.feed] }
    : demoOptions({ seed, clock, ...(symbols && { symbols }) })
  const server = await startTwinServer({
    ...paper,
    ...(fundingSeconds !== undefined && { fundingIntervalHours: fundingSeconds / 3_600 }),
    accounts: paper.accounts.map((account) => ({
      ...account,
      walletE8: BigInt(options.wallet) * 100_000_000n,
    })),
    port,
    host,
  })
  if (tape && !isAtEnd) keepFilled(tape)

  const markets = paper.listings.map(({ symbol }) => symbol).join(' ')
  process.stdout.write(`twin of Aster at ${server.url} and ${server.wsUrl}: ${markets}\n`)
  for (const { name, user, privateKey } of Object.values(demoAccounts(seed)))
    process.stdout.write(`paper account ${name}: user ${user}, signer key ${privateKey}\n`)
  const stop = () => {
    server.close().then(() => process.exit(0))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

function keepFilled(tape: TapeMarket): void {
  const refill = async (): Promise<void> => {
    if (await tape.refill()) return
    setTimeout(() => void refill(), refillEveryMs)
  }
  void refill()
}
