import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { suggest } from '#shared/kernel/suggest.ts'
import {
  type Assumptions,
  assumptions,
  type BillLine,
  billOf,
  hoursPerMonth,
  type Profile,
  totalOf,
} from './bill.ts'
import { gpuHoursPerMonth, scheduleOfStack, stackFile } from './gpu-hours.ts'
import { priceDate, prices } from './price.ts'

const help = `asterai cost - what a month in the cloud costs, from the sizes and schedules of the manifest

Usage: npm run cost -- [options]

Options:
  --stack NAME        takes the GPU's schedule from Pulumi.NAME.yaml (default prod)
  --gpu-hours N       hours a day of the profile 'GPU on schedule', instead of the stack's
  --budget N          says which profiles stay within N dollars a month
  --assume NAME=N     changes an assumption; names: ${Object.keys(assumptions).join(', ')}
  --lines             every line, not only the totals
  --json              last line on standard output is one JSON object
  --help              this text

Examples:
  npm run cost
  npm run cost -- --lines --gpu-hours 8
  npm run cost -- --budget 100 --assume messageGiB=10

Exit codes: 0 done, 2 input that cannot be used.`

const options = {
  stack: { type: 'string' },
  'gpu-hours': { type: 'string' },
  budget: { type: 'string' },
  assume: { type: 'string', multiple: true },
  lines: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

class InputError extends Error {}

function main(argv: readonly string[]): void {
  const given = parse(argv)
  if (given.help) {
    process.stdout.write(`${help}\n`)
    return
  }
  const scheduled = scheduledProfile(given.stack ?? 'prod', given['gpu-hours'])
  const assumed = assume(given.assume ?? [])
  const budget = given.budget === undefined ? undefined : numberOf('--budget', given.budget, 1e6)
  const profiles: readonly Profile[] = [
    { name: 'CPU only', what: 'no GPU; models are trained on spot and not served', gpuHours: 0 },
    scheduled,
    { name: 'GPU always on', what: 'L4 day and night', gpuHours: hoursPerMonth },
  ]
  const bills = profiles.map((profile) => ({ profile, lines: billOf(profile, assumed) }))
  const say = (line: string) => (given.json ? process.stderr : process.stdout).write(`${line}\n`)
  for (const { profile, lines } of bills) {
    const total = totalOf(lines)
    const within = budget === undefined ? '' : total <= budget ? '  within budget' : '  OVER BUDGET'
    say(`${profile.name.padEnd(18)} ${dollars(total)} a month   ${profile.what}${within}`)
    if (given.lines) for (const line of lines) say(textOf(line))
  }
  say('')
  say(`List prices of ${priceDate}, free tiers not taken off, tax not added. Exchange fees are not`)
  say('in it. Prices marked ~ were not confirmed on that day; Asian regions cost 10 to 30 % more.')
  if (given.json)
    process.stdout.write(`${JSON.stringify({ priceDate, assumptions: assumed, bills })}\n`)
}

function scheduledProfile(stack: string, hoursPerDay: string | undefined): Profile {
  const name = 'GPU on schedule'
  if (hoursPerDay !== undefined) {
    const hours = numberOf('--gpu-hours', hoursPerDay, 24)
    return { name, what: `L4 for ${hours} h a day`, gpuHours: (hours * hoursPerMonth) / 24 }
  }
  if (!/^[a-z][a-z0-9-]*$/.test(stack) || !existsSync(stackFile(stack)))
    throw new InputError(`--stack: there is no Pulumi.${stack}.yaml; stacks: dev, prod`)
  const schedule = scheduleOfStack(stack)
  if (!schedule) return { name, what: `stack ${stack} has no schedule: no GPU`, gpuHours: 0 }
  const gpuHours = gpuHoursPerMonth(schedule)
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
    const [name = '', value = ''] = text.split('=')
    if (!Object.hasOwn(assumptions, name))
      throw new InputError(`--assume: no assumption '${name}'${hint(name, Object.keys(changed))}`)
    changed[name] = numberOf(`--assume ${name}`, value, 1e9)
  }
  return changed as Assumptions
}

function numberOf(option: string, text: string, max: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= max))
    throw new InputError(`${option} '${text}' is not a number from 0 to ${max}`)
  return value
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values
  } catch (error) {
    const unknown = /Unknown option '(-{1,2}[^' ]*)/.exec((error as Error).message)?.[1]
    const names = Object.keys(options).map((name) => `--${name}`)
    throw new InputError(
      unknown
        ? `unknown option ${unknown}${hint(unknown, names)}; --help lists all options`
        : `${(error as Error).message.split('\n')[0]}; see --help`,
    )
  }
}

function hint(word: string, choices: readonly string[]): string {
  const nearest = suggest(word, choices)
  return nearest ? `; did you mean ${nearest}?` : ''
}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof InputError)) throw error
  process.stderr.write(`error: ${error.message}\n`)
  process.exitCode = 2
}
