import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Clock } from '#shared/kernel/runtime.ts'
import {
  type Listing,
  listingOf,
  syntheticMarket,
  syntheticMarkets,
} from '#shared/simulation/listing.ts'
import type { TwinOptions } from './app.ts'
import { addressOfPrivateKey } from './signature.ts'

/** A paper account whose key anybody can derive: it is worth nothing. */
export type DemoAccount = {
  readonly name: string
  readonly user: string
  readonly signer: string
  /** Of the signer, `0x` and 64 hex digits. */
  readonly privateKey: string
  readonly walletE8: bigint
}

const walletE8 = 10_000n * 100_000_000n

/** Two paper accounts, so that a local run needs no key at all. Same seed, same keys. */
export function demoAccounts(seed: number): { perp: DemoAccount; hedge: DemoAccount } {
  return { perp: demoAccount(seed, 'perp'), hedge: demoAccount(seed, 'hedge') }
}

function demoAccount(seed: number, name: string): DemoAccount {
  // A keccak digest is a valid key unless it is 0 or above the curve's order: odds of 2^-128.
  const key = keccak_256(utf8ToBytes(`AsterAI paper account ${name} ${seed}`))
  const wallet = keccak_256(utf8ToBytes(`AsterAI paper wallet ${name} ${seed}`))
  return {
    name,
    user: addressOfPrivateKey(wallet),
    signer: addressOfPrivateKey(key),
    privateKey: `0x${bytesToHex(key)}`,
    walletE8,
  }
}

/**
 * Options of a twin that invents its market and knows the two demo accounts.
 *
 * @param options.symbols - of the synthetic markets; all of them when absent
 * @param options.listings - markets of another source; they need not be synthetic
 * @throws TradingError SYMBOL_UNKNOWN
 */
export function demoOptions(options: {
  readonly seed: number
  readonly clock: Clock
  readonly symbols?: readonly string[]
  readonly listings?: readonly Listing[]
}): TwinOptions {
  const { seed, clock, symbols } = options
  const { perp, hedge } = demoAccounts(seed)
  const chosen = symbols?.map(syntheticMarket) ?? syntheticMarkets
  return {
    seed,
    clock,
    startUs: clock.nowUs(),
    listings: options.listings ?? chosen.map(listingOf),
    accounts: [perp, hedge].map((account) => ({
      name: account.name,
      user: account.user,
      signers: [account.signer],
      walletE8: account.walletE8,
    })),
  }
}
