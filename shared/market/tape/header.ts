import { TradingError } from '../../kernel/error.ts'
import type { Instrument } from '../instrument.ts'

/** What every tape says about itself. */
export type TapeHeader = {
  readonly version: 1
  /** Where the events come from, for people. */
  readonly source: string
  /** Position in the list is the `instrumentId` of the events. */
  readonly instruments: readonly Instrument[]
  readonly attributes: Readonly<Record<string, string>>
}

/** Key of the header in the Arrow schema's metadata. */
export const headerKey = 'asterai.tape'

/** JSON text of a header; see {@link textFromBody}. */
export const textFromHeader = (header: TapeHeader): string => textFromBody(header)

/** @throws TradingError TAPE_MALFORMED */
export function headerFromText(text: string): TapeHeader {
  let header: Partial<TapeHeader>
  try {
    header = bodyFromText(text) as Partial<TapeHeader>
  } catch (cause) {
    throw new TradingError('TAPE_MALFORMED', 'the tape header is not JSON', {}, cause)
  }
  if (header.version !== 1)
    throw new TradingError(
      'TAPE_MALFORMED',
      `tape version ${header.version} is not one this program reads (1); record the tape again`,
    )
  if (!Array.isArray(header.instruments) || typeof header.source !== 'string')
    throw new TradingError('TAPE_MALFORMED', 'the tape header lacks its source or instruments')
  // A perpetual's funding interval is a number, a spot market's is undefined, which JSON drops.
  const instruments = header.instruments.map((instrument) => ({
    ...instrument,
    fundingIntervalHours: instrument.fundingIntervalHours,
  }))
  return { version: 1, source: header.source, instruments, attributes: header.attributes ?? {} }
}

/** JSON text in which a bigint is `{"bigint":"…"}`. */
export const textFromBody = (body: unknown): string =>
  JSON.stringify(body, (_, value) =>
    typeof value === 'bigint' ? { bigint: value.toString() } : value,
  )

/** Inverse of {@link textFromBody}. */
export const bodyFromText = (text: string): unknown =>
  JSON.parse(text, (_, value) =>
    typeof value === 'object' && value !== null && typeof value.bigint === 'string'
      ? BigInt(value.bigint)
      : value,
  )
