import { TradingError } from '#shared/kernel/error.ts'

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._=-]*(\/[A-Za-z0-9_][A-Za-z0-9._=-]*)*$/
const nameLengthMax = 512

/**
 * Names are like `tape/2026-11-21/BTCUSDT.arrow`: letters, digits and `._=-` in parts between slashes, no part
 * beginning with a dot or dash, so no name can leave a folder or needs to be escaped in an address.
 *
 * @throws TradingError OPTION_INVALID with any other name
 */
export function checkBlobName(name: string): void {
  if (!namePattern.test(name) || name.length > nameLengthMax)
    throw new TradingError(
      'OPTION_INVALID',
      `'${name.slice(0, 80)}' is not a blob name; use parts of letters, digits and ._=- between slashes`,
    )
}

/** The beginning of a name, also in the middle of a part; nothing at all is the beginning of every name. */
export function checkBlobPrefix(prefix: string): void {
  if (prefix !== '') checkBlobName(prefix.replace(/[/.=-]$/, ''))
}
