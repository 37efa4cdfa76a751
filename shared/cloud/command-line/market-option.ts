import { type Described, listOf, text } from './option.ts'
import { invalidOption } from './read-word.ts'

/** Symbols of markets, in capitals. */
export const symbols = <Default extends string | undefined = undefined>(
  described: Described<Default>,
) => listOf<string, Default>(described, readSymbol)

/** Also coins that are not written in Latin letters are listed. @throws TradingError OPTION_INVALID */
function readSymbol(part: string, name: string): string {
  const symbol = part.toUpperCase()
  if (/^[\p{L}\p{N}][\p{L}\p{N}_-]{1,29}$/u.test(symbol)) return symbol
  throw invalidOption(`${name}: '${part}' is not a symbol; write e.g. BTCUSDT,ETHUSDT`)
}

/** What a market's prices and sizes are multiples of, for symbols that are not known. */
export const steps = {
  tick: text({
    value: 'STEP',
    what: 'price step of a market whose symbol is not known, e.g. 0.01',
  }),
  lot: text({ value: 'STEP', what: 'size step of it, e.g. 0.001' }),
}

/** @throws TradingError OPTION_INVALID when one step is given without the other */
export function gridOf({ lot, tick }: { tick: string | undefined; lot: string | undefined }) {
  if ((tick === undefined) !== (lot === undefined))
    throw invalidOption('--tick and --lot go together; add the other one')
  return tick !== undefined && lot !== undefined ? { tick, lot } : undefined
}
