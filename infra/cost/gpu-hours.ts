import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { hoursPerMonth } from './bill.ts'

const daysPerWeek = 7

/**
 * Hours a month between two cron lines that switch the GPU on and off on the same days.
 *
 * @param schedule - lines like `0 6 * * 1-5` and `0 14 * * 1-5`
 * @throws RangeError for any other shape, so that a new one is not counted wrongly
 */
export function gpuHoursPerMonth({ on, off }: { on: string; off: string }): number {
  const [start, end] = [on, off].map(readLine)
  if (start!.days !== end!.days || end!.hour <= start!.hour)
    throw new RangeError(`GPU hours from '${on}' to '${off}' are not within the same days`)
  return ((end!.hour - start!.hour) * start!.days * hoursPerMonth) / (24 * daysPerWeek)
}

function readLine(cron: string): { readonly hour: number; readonly days: number } {
  const match = /^(\d+) (\d+) \* \* (?:(\*)|(\d)-(\d))$/.exec(cron)
  if (!match) throw new RangeError(`schedule '${cron}' has a shape the estimate does not know`)
  const [, minute, hour, all, from, until] = match
  return {
    hour: Number(hour) + Number(minute) / 60,
    days: all ? daysPerWeek : Number(until) - Number(from) + 1,
  }
}

/** The settings of a stack. */
export const stackFile = (stack: string): URL =>
  new URL(`../../Pulumi.${stack}.yaml`, import.meta.url)

export type StackSettings = {
  /** When the GPU runs; undefined when nobody says so. */
  readonly gpuHours: { readonly on: string; readonly off: string } | undefined
  /** A month. */
  readonly budget: { readonly amount: number; readonly currency: string } | undefined
}

/** What a stack's settings say about money. @throws Error when there is no such file */
export function settingsOfStack(stack: string): StackSettings {
  const config = parse(readFileSync(stackFile(stack), 'utf8')).config ?? {}
  return { gpuHours: config['asterai:gpuHours'], budget: config['asterai:budget'] }
}
