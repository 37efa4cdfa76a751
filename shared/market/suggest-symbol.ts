import { slipsBetween } from '#shared/kernel/suggest.ts'

/** What a market is quoted in, or its kind, at the end of its symbol. */
const endings = /(FDUSD|USDT|USDC|USD1|USD|SPOT|PERP)$/

const assetOf = (symbol: string): string => symbol.replace(endings, '') || symbol

/**
 * The known market that a symbol most likely means: the same asset (`BTC`, `BTCUSD`), or one with a slip in its name.
 * Only the asset is compared, because all markets of a venue end alike.
 *
 * @returns undefined when no asset is that close: another coin is no suggestion
 */
export function suggestSymbol(symbol: string, known: readonly string[]): string | undefined {
  const asset = assetOf(symbol.toUpperCase())
  const slipsMax = Math.max(1, Math.floor(asset.length / 4))
  let closest: string | undefined
  let fewest = slipsMax + 1
  for (const candidate of known) {
    const slips = slipsBetween(asset, assetOf(candidate))
    if (slips < fewest) {
      fewest = slips
      closest = candidate
    }
  }
  return closest
}
