import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'

/** Local text with a full date, or an integer since 1970 whose unit shows in its digits. */
const dated = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})?$/

export type ReadTime = {
  readonly timeUs: number
  /** The text says where on earth; integers always mean UTC. */
  readonly hasZone: boolean
}

/**
 * Reads a time as venues and vendors write it: seconds (10 digits), milliseconds (13), microseconds (16), nanoseconds
 * (19, cut to µs), or a date with a time. Without a zone the text is read as UTC and `hasZone` is false.
 *
 * @returns undefined when it is none of these
 */
export function readTimeText(text: string): ReadTime | undefined {
  const trimmed = text.trim()
  if (/^\d+$/.test(trimmed)) {
    const timeUs = microsFromDigits(trimmed)
    return timeUs === undefined ? undefined : { timeUs, hasZone: true }
  }
  const [, date, time, fraction = '', zone] = dated.exec(trimmed) ?? []
  if (date === undefined || time === undefined) return undefined
  const seconds = time.length === 5 ? `${time}:00` : time
  const ms = Date.parse(`${date}T${seconds}${zone ?? 'Z'}`)
  if (Number.isNaN(ms)) return undefined
  const micros = Number(fraction.slice(1).padEnd(6, '0'))
  return { timeUs: ms * microsPerMilli + micros, hasZone: zone !== undefined }
}

function microsFromDigits(digits: string): number | undefined {
  switch (digits.length) {
    case 10:
      return Number(digits) * microsPerSecond
    case 13:
      return Number(digits) * microsPerMilli
    case 16:
      return Number(digits)
    case 19:
      return Number(digits.slice(0, 16))
    default:
      return undefined
  }
}

/** `2025-10-10 21:15:00`, in UTC. */
export const timeText = (timeUs: number): string =>
  new Date(timeUs / microsPerMilli).toISOString().slice(0, 19).replace('T', ' ')
