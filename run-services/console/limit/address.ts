import { BlockList, isIP } from 'node:net'
import { TradingError } from '#shared/kernel/error.ts'

/**
 * Where a request comes from. A proxy appends what it saw to X-Forwarded-For, so entries count from the right: with one
 * proxy of ours in front the last entry is the client, and whatever the client wrote itself stands to the left of it.
 *
 * @param hops - proxies in front whose word counts; 0 trusts only the socket
 * @returns undefined when it cannot be told
 */
export function clientAddress(given: {
  readonly forwardedFor: string | undefined
  readonly socketAddress: string | undefined
  readonly hops: number
}): string | undefined {
  const { forwardedFor, socketAddress, hops } = given
  const entries = (forwardedFor ?? '').split(',').map((entry) => entry.trim())
  const address = hops === 0 ? socketAddress : entries[entries.length - hops]
  if (address === undefined) return undefined
  // A socket that listens on both families writes IPv4 as ::ffff:192.0.2.1.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(plain) === 0 ? undefined : plain
}

export type MayEnter = (address: string | undefined) => boolean

/**
 * Lets in what lies in one of the ranges; an empty list lets in everybody.
 *
 * @param ranges - `192.0.2.0/24`, `2001:db8::/32` or single addresses
 * @throws TradingError CONFIG_INVALID naming a range that is none
 */
export function createAddressList(ranges: readonly string[]): MayEnter {
  const list = new BlockList()
  for (const range of ranges) addRange(list, range)
  return (address) => {
    if (ranges.length === 0) return true
    // Who cannot be told is not on the list.
    return address !== undefined && list.check(address, familyOf(address))
  }
}

function addRange(list: BlockList, range: string): void {
  const [address = '', bits, ...rest] = range.split('/')
  const bitsMax = isIP(address) === 4 ? 32 : 128
  const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (isIP(address) === 0 || prefix < 0 || prefix > bitsMax || rest.length > 0)
    throw new TradingError(
      'CONFIG_INVALID',
      `'${range}' is no address range; write it like 192.0.2.0/24 or 2001:db8::/32`,
    )
  list.addSubnet(address, prefix, familyOf(address))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')
