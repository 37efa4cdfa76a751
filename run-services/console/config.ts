import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import { createAddressList } from './limit/address.ts'

const email = z.string().trim().toLowerCase().pipe(z.email())
const emails = z.array(email)
const range = z.string().refine((text) => {
  try {
    createAddressList([text])
    return true
  } catch {
    return false
  }
}, 'is no address range; write it like 192.0.2.0/24 or 2001:db8::/32')
const host = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9.-]+$/, 'is no host name; write it without https:// and port')

const roleList = z.strictObject({ viewers: emails, operators: emails, admins: emails })

/** Emails by role, in lower case. Who stands in several has the highest. */
export type RoleList = z.infer<typeof roleList>

const consoleConfigSchema = z.strictObject({
  /** What the executor of this deployment trades with; in live a second admin must confirm a resume. */
  mode: z.enum(['paper', 'live']),
  auth: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('token'),
      token: z
        .string()
        .min(16, 'is shorter than 16 characters; use a random one, for example of 32'),
    }),
    z.strictObject({
      kind: z.literal('google'),
      iapAudience: z.string().min(1).optional(),
      oidcAudience: z.url().optional(),
      roles: roleList,
    }),
  ]),
  /** Host names it answers to; none means loopback names only. */
  hosts: z.array(host),
  /** Address ranges that may ask; none means everybody. */
  allowedAddresses: z.array(range),
  /** Proxies in front whose entry in X-Forwarded-For counts. */
  forwardedHops: z.int().min(0).max(5),
  rate: z.strictObject({
    requestsPerSecond: z.number().positive().max(1_000),
    burst: z.int().positive().max(10_000),
  }),
})

export type ConsoleConfig = z.infer<typeof consoleConfigSchema>

const standardRate = { requestsPerSecond: 20, burst: 60 }

/**
 * One machine, one operator: the token is the only credential and only loopback names are answered.
 *
 * @throws TradingError CONFIG_INVALID when the token is too short to be a secret
 */
export const localConsoleConfig = (
  token: string,
  mode: ConsoleConfig['mode'] = 'paper',
): ConsoleConfig =>
  checked({
    mode,
    auth: { kind: 'token', token },
    hosts: [],
    allowedAddresses: [],
    forwardedHops: 0,
    rate: standardRate,
  })

const words = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

const optional = <Name extends string>(name: Name, text: string | undefined) =>
  (text ? { [name]: text } : {}) as Partial<Record<Name, string>>

/** Variables by the part of the configuration they fill, for messages. */
const variables: Readonly<Record<string, string>> = {
  mode: 'ASTERAI_MODE',
  'auth.iapAudience': 'CONSOLE_IAP_AUDIENCE',
  'auth.oidcAudience': 'CONSOLE_OIDC_AUDIENCE',
  'auth.roles.viewers': 'CONSOLE_VIEWERS',
  'auth.roles.operators': 'CONSOLE_OPERATORS',
  'auth.roles.admins': 'CONSOLE_ADMINS',
  hosts: 'CONSOLE_HOSTS',
  allowedAddresses: 'CONSOLE_ALLOWED_ADDRESSES',
  forwardedHops: 'CONSOLE_FORWARDED_HOPS',
  'rate.requestsPerSecond': 'CONSOLE_REQUESTS_PER_SECOND',
  'rate.burst': 'CONSOLE_BURST',
}

/**
 * The console of the cloud, from its environment. Nobody gets in without an identity that Google vouches for.
 *
 * @param env - ASTERAI_MODE (paper), CONSOLE_IAP_AUDIENCE and/or CONSOLE_OIDC_AUDIENCE, CONSOLE_ADMINS,
 *   CONSOLE_OPERATORS, CONSOLE_VIEWERS, CONSOLE_HOSTS, CONSOLE_ALLOWED_ADDRESSES, CONSOLE_FORWARDED_HOPS (1),
 *   CONSOLE_REQUESTS_PER_SECOND (20), CONSOLE_BURST (60); lists with commas
 * @throws TradingError CONFIG_INVALID naming the variable
 */
export function readConsoleConfig(
  env: Readonly<Record<string, string | undefined>>,
): ConsoleConfig {
  const config = checked({
    mode: env.ASTERAI_MODE ?? 'paper',
    auth: {
      kind: 'google',
      ...optional('iapAudience', env.CONSOLE_IAP_AUDIENCE),
      ...optional('oidcAudience', env.CONSOLE_OIDC_AUDIENCE),
      roles: {
        viewers: words(env.CONSOLE_VIEWERS),
        operators: words(env.CONSOLE_OPERATORS),
        admins: words(env.CONSOLE_ADMINS),
      },
    },
    hosts: words(env.CONSOLE_HOSTS),
    allowedAddresses: words(env.CONSOLE_ALLOWED_ADDRESSES),
    forwardedHops: Number(env.CONSOLE_FORWARDED_HOPS ?? 1),
    rate: {
      requestsPerSecond: Number(env.CONSOLE_REQUESTS_PER_SECOND ?? standardRate.requestsPerSecond),
      burst: Number(env.CONSOLE_BURST ?? standardRate.burst),
    },
  })
  const { auth } = config
  if (auth.kind === 'google') {
    if (auth.iapAudience === undefined && auth.oidcAudience === undefined)
      throw missing('CONSOLE_IAP_AUDIENCE', 'the audience of IAP, or CONSOLE_OIDC_AUDIENCE')
    if (auth.roles.admins.length === 0)
      throw missing('CONSOLE_ADMINS', 'the email of at least one admin')
    if (
      config.mode === 'live' &&
      new Set(auth.roles.admins.map((each) => each.toLowerCase())).size < 2
    )
      throw missing('CONSOLE_ADMINS', 'two admins: in live a second one confirms a resume')
  }
  if (config.hosts.length === 0) throw missing('CONSOLE_HOSTS', 'the host name of this service')
  return config
}

const missing = (variable: string, what: string): TradingError =>
  new TradingError('CONFIG_INVALID', `${variable} is missing: give ${what}`)

function checked(given: unknown): ConsoleConfig {
  const parsed = consoleConfigSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  const names = path.filter((part) => typeof part === 'string').join('.')
  const what = names === 'auth.token' ? 'the console token' : (variables[names] ?? names)
  throw new TradingError('CONFIG_INVALID', `${what}: ${message}`)
}
