import { type SupervisorListener, startThread } from '#shared/cloud/thread/supervisor.ts'
import type { ExecutorConfig } from './config.ts'

/** Where the executor trades and with what key. */
export type TradingAccount = {
  readonly restUrl: string
  readonly streamUrl: string
  readonly privateKey: string
  close(): Promise<void>
}

/**
 * The account of the mode: the venue itself with the agent's key, or a paper account in a thread of this process.
 *
 * The thread's file is asked of the package: in the source tree it is the twin's own, in an image its bundle.
 *
 * @throws TradingError SYMBOL_UNKNOWN, VENUE_UNREACHABLE from the paper account; CONFIG_INVALID without a key
 */
export async function openAccount(
  config: ExecutorConfig,
  { readAgentKey, listener }: { readAgentKey: () => string; listener: SupervisorListener },
): Promise<TradingAccount> {
  const { mode, restUrl, streamUrl, symbols, equityQuote } = config
  if (mode === 'live')
    return { restUrl, streamUrl, privateKey: readAgentKey(), close: async () => {} }
  const thread = startThread(
    {
      name: 'paper account',
      file: new URL(import.meta.resolve('#services/twin/paper.ts')),
      given: { restUrl, streamUrl, symbols, equityQuote },
      // An exchange that died has lost the account: there is nothing to start again.
      restartsMax: 0,
    },
    listener,
  )
  const ready = (await thread.ready) as Omit<TradingAccount, 'close'>
  return { ...ready, close: async () => void (await thread.stop()) }
}
