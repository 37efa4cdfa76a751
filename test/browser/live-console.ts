import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import {
  cloudConfig,
  createAuditTable,
  createIssuers,
  createMemoryBus,
} from '#services/console/console.fixture.ts'
import { startConsole } from '#services/console/server.ts'
import type { CommandMessage } from '#shared/cloud/message.ts'
import type { Micros } from '#shared/kernel/unit.ts'

export type LiveConsole = {
  readonly url: string
  /** Commands that reached the executor. */
  readonly commands: readonly CommandMessage[]
  /** Moves the clock of the console. */
  skip(seconds: number): void
  /** A browser of this person's own, which the proxy has let in. */
  visit(email: string, options?: Parameters<Browser['newContext']>[0]): Promise<BrowserContext>
  close(): Promise<void>
}

const limits = {
  positionRatioMax: 0.05,
  concentrationRatioMax: 0.3,
  leverageMax: 3,
  dailyLossRatioMax: 0.05,
  drawdownRatioMax: 0.15,
}
const position = {
  strategy: 'glft:BTCUSDT',
  symbol: 'BTCUSDT',
  size: -0.007,
  entryPrice: 64_000,
  markPrice: 64_010,
  unrealisedPnl: -0.07,
}
const reportEveryMs = 250

/**
 * The console as it runs in the cloud, in mode live: a listening server and identities signed by keys of the test, put
 * into each request as the proxy would. In place of the executor stands one that only obeys and reports.
 */
export async function startLiveConsole(browser: Browser): Promise<LiveConsole> {
  let skippedUs = 0
  const nowUs = () => (Date.now() * 1_000 + skippedUs) as Micros
  const bus = createMemoryBus()
  const issuers = await createIssuers(nowUs)
  const running = await startConsole({
    config: cloudConfig({ mode: 'live' }),
    bus,
    warehouse: createAuditTable(),
    clock: { nowUs },
    assets: join(import.meta.dirname, '../../run-services/console/dist'),
    keys: issuers.keys,
    // The look-up of funding intervals has no table here.
    report: () => {},
    port: 0,
  })

  const commands: CommandMessage[] = []
  const trading = { isKilled: true, reason: 'drawdown reached 15 % of peak equity' }
  const report = () =>
    bus.publish('equity', {
      rows: [
        {
          run_id: 'live-1',
          epoch: 1,
          strategy: 'total',
          recorded_at: nowUs(),
          equity: '8512.40000000',
          pnl: '-1487.60000000',
          spread_pnl: '12.00000000',
          price_pnl: '-1480.00000000',
          fees: '19.60000000',
          funding: '0.00000000',
        },
      ],
      positions: [position],
      trading: {
        mode: 'live',
        ...trading,
        workingOrders: 0,
        limits: { current: limits, ceiling: limits },
      },
    })
  bus.subscribe('commands', (message) => {
    const command = message as CommandMessage
    commands.push(command)
    trading.isKilled = command.command !== 'resume'
    trading.reason = trading.isKilled ? command.reason : ''
    report()
  })
  const timer = setInterval(report, reportEveryMs)

  return {
    url: running.url,
    commands,
    skip: (seconds) => {
      skippedUs += seconds * 1e6
    },
    visit: async (email, options = {}) => {
      const exp = Math.floor(nowUs() / 1e6) + 3_000
      const token = await issuers.iapToken(email, { exp })
      return browser.newContext({
        viewport: { width: 1440, height: 900 },
        colorScheme: 'dark',
        ...options,
        extraHTTPHeaders: { 'X-Goog-IAP-JWT-Assertion': token },
      })
    },
    close: async () => {
      clearInterval(timer)
      await running.close()
    },
  }
}
