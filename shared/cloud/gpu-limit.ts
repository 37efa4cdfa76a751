import { z } from 'zod'

/** Nothing is not zero: an empty variable is a mistake, and not the wish to run no GPU. */
const hours = (most: number) =>
  z.preprocess((given) => (given === '' ? undefined : given), z.coerce.number().min(0).max(most))

/** Hours a day the GPU may run; 0 allows none. Infrastructure and the spend guard take the same. */
export const gpuHoursPerDay = hours(24)

/** Hours a month the GPU may run; 0 allows none. */
export const gpuHoursPerMonth = hours(744)

/** Hours of the day the GPU may run, UTC, as in `07:00-15:00`; `22:00-06:00` passes midnight, `24:00` ends the day. */
export const gpuWindowUtc = z
  .string()
  .regex(
    /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/,
    'wants UTC hours like 07:00-15:00',
  )

/** Minutes of the UTC day; `fromMinute > untilMinute` passes midnight, and two equal ones allow nothing. */
export type UtcWindow = { readonly fromMinute: number; readonly untilMinute: number }

/** @param text - as {@link gpuWindowUtc} takes it */
export function windowFromText(text: string): UtcWindow {
  const [from = '', until = ''] = text.split('-')
  return { fromMinute: minuteOfDay(from), untilMinute: minuteOfDay(until) }
}

const minuteOfDay = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
