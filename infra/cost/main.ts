import { existsSync } from 'node:fs'
import type { Values } from '#shared/cloud/command-line/command.ts'
import {
  invalidOption,
  readChoice,
  readNumber,
  readPair,
} from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import {
  type Assumptions,
  assumptions,
  type BillLine,
  billOf,
  hoursPerMonth,
  type Profile,
  totalOf,
} from './bill.ts'
import { gpuHoursPerMonth, type StackSettings, settingsOfStack, stackFile } from './gpu-hours.ts'
import { costCommand } from './options.ts'
import { priceDate, prices } from './price.ts'

function main(options: Values<typeof costCommand.options>, { answer, say }: Voice): number {
  const settings = readStack(options.stack)
  const budget = options.budget ?? dollarsOf(settings.budget)
  const scheduled = scheduledProfile(options.stack, settings, options['gpu-hours'])
  const assumed = assume(options.assume)
  const profiles: readonly Profile[] = [
    { name: 'CPU only', what: 'no GPU; models are trained on spot and not served', gpuHours: 0 },
    scheduled,
    { name: 'GPU always on', what: 'L4 day and night', gpuHours: hoursPerMonth },
  ]
  const bills = profiles.map((profile) => ({ profile, lines: billOf(profile, assumed) }))
  for (const { profile, lines } of bills) {
    const total = totalOf(lines)
    const within =
      budget === undefined
        ? ''
        : total <= budget
          ? `, within $${budget}`
          : `, OVER the budget of $${budget}`
    say(`${profile.name.padEnd(18)} ${dollars(total)} a month   ${profile.what}${within}`)
    if (options.lines) for (const line of lines) say(textOf(line))
  }
  say('')
  say(`List prices of ${priceDate}, free tiers not taken off, tax not added. Exchange fees are not`)
  say('in it. Prices marked ~ were not confirmed on that day; Asian regions cost 10 to 30 % more.')
  answer({ priceDate, assumptions: assumed, bills })
  return 0
}

function readStack(stack: string): StackSettings {
  if (!/^[a-z][a-z0-9-]*$/.test(stack) || !existsSync(stackFile(stack)))
    throw invalidOption(`--stack: there is no Pulumi.${stack}.yaml; stacks: dev, prod`)
  return settingsOfStack(stack)
}

/** Another currency is not compared with prices in dollars. */
const dollarsOf = (budget: StackSettings['budget']): number | undefined =>
  budget?.currency === 'USD' ? budget.amount : undefined

function scheduledProfile(
  stack: string,
  settings: StackSettings,
  hours: number | undefined,
): Profile {
  const name = 'GPU on schedule'
  if (hours !== undefined)
    return { name, what: `L4 for ${hours} h a day`, gpuHours: (hours * hoursPerMonth) / 24 }
  if (!settings.gpuHours)
    return { name, what: `stack ${stack} has no schedule: no GPU`, gpuHours: 0 }
  const gpuHours = gpuHoursPerMonth(settings.gpuHours)
  return { name, what: `L4 as in stack ${stack}: ${gpuHours.toFixed(0)} h a month`, gpuHours }
}

function textOf({ what, quantity, price, usd }: BillLine): string {
  const { per, isConfirmed } = prices[price]
  const amount = quantity.toLocaleString('en-US', { maximumFractionDigits: 1 })
  return `  ${isConfirmed ? ' ' : '~'} ${what.padEnd(34)} ${dollars(usd)}  ${amount} × ${per}`
}

const dollars = (usd: number): string => `$${usd.toFixed(2)}`.padStart(9)

function assume(texts: readonly string[]): Assumptions {
  const changed: Record<string, number> = { ...assumptions }
  for (const text of texts) {
    const [word, value] = readPair(text, '--assume')
    const name = readChoice(word, '--assume', Object.keys(assumptions))
    changed[name] = readNumber(value, `--assume ${name}`, [0, 1e9])
  }
  return changed as Assumptions
}

await runProcess(carryOut(costCommand, ({ options }, voice) => main(options, voice)))
