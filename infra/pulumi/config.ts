import { z } from 'zod'
import { gpuHoursPerDay, gpuHoursPerMonth, gpuWindowUtc } from '#shared/cloud/gpu-limit.ts'
import { secrets } from '#shared/cloud/manifest/secret.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'

const placeholder = 'REPLACE_ME'

const region = z
  .string()
  .regex(/^[a-z]+-[a-z]+\d+$/, 'is no region; write one as in asia-northeast1')
const email = z.string().regex(/^[^@\s,]+@[^@\s,]+\.[^@\s,]+$/, 'is no e-mail address')
const cron = z.string().regex(/^\S+ \S+ \S+ \S+ \S+$/, 'is no cron line of five fields')
const list = <T extends z.ZodType>(of: T) =>
  z.array(of).refine((all) => new Set(all).size === all.length, 'names something twice')

const settings = z.strictObject({
  /** Number of the project, not its id: it is part of addresses and of Google's own identities. */
  projectNumber: z
    .string()
    .regex(/^\d{6,15}$/, 'is no project number; see `gcloud projects describe`'),
  /** Everything but the GPU lives here. Run the latency probe before changing it. */
  region: region.default('asia-northeast1'),
  /** Where model server and training run; Tokyo has no L4. */
  gpuRegion: region.default('asia-southeast1'),
  /** Regions the latency probe measures from. */
  probeRegions: list(region).default([
    'asia-northeast1',
    'asia-southeast1',
    'asia-east2',
    'us-east4',
  ]),
  /** Tag of the images to run. Unset: only what needs no image, so that the first `pulumi up` makes the registry. */
  release: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{5,127}$/, 'is no image tag; write the commit')
    .refine((tag) => tag !== 'latest', 'must name one release, not latest')
    .optional(),
  /** Zip of the functions, from the repository root; its name carries its hash. */
  functionsZip: z
    .string()
    .regex(/^[\w./-]*functions-[0-9a-f]{64}\.zip$/, 'is not named functions-<sha256>.zip')
    .optional(),
  /** `paper` trades play money on real prices. */
  mode: z.enum(['paper', 'live']).default('paper'),
  /** Second switch for real money. */
  allowLive: z.enum(['yes', 'no']).default('no'),
  symbols: list(z.string().regex(/^[A-Z0-9]{5,20}$/))
    .min(1)
    .max(20),
  strategies: list(z.string().regex(/^[a-z][a-z-]*$/)).min(1),
  /** Capital the trader may use, whole USDT. */
  equityUsdt: z.coerce.number().int().min(1).max(10_000_000),
  /** Versions of secrets that are in use. A new one is a deployment, never an accident. */
  secretVersions: z
    .partialRecord(
      z.enum(Object.keys(secrets) as [keyof typeof secrets, ...(keyof typeof secrets)[]]),
      z.number().int().min(1),
    )
    .default({}),
  consoleAdmins: list(email).min(1),
  consoleOperators: list(email).default([]),
  consoleViewers: list(email).default([]),
  /** CIDRs that may use the console; empty lets everyone with an account of the lists above. */
  consoleAddresses: list(z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/)).default([]),
  alertEmails: list(email).min(1),
  /** Unset: no budget and no spend notices; the GPU-hours guard still works. */
  billingAccount: z
    .string()
    .regex(
      /^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/,
      'is no billing account, as in 012345-6789AB-CDEF01',
    )
    .optional(),
  budget: z
    .strictObject({ amount: z.number().positive(), currency: z.string().regex(/^[A-Z]{3}$/) })
    .default({ amount: 250, currency: 'USD' }),
  /** Hours the model server runs by itself, UTC. Unset: a person or the API starts and stops it. */
  gpuHours: z.strictObject({ on: cron, off: cron }).optional(),
  /** Whichever comes first, the spend guard switches the GPU off; 0 means that it never may run. */
  gpuHoursPerDayMax: gpuHoursPerDay.default(8),
  gpuHoursPerMonthMax: gpuHoursPerMonth.default(176),
  /** Hours outside of which the GPU is switched off, UTC. */
  gpuWindowUtc: gpuWindowUtc.default('00:00-24:00'),
  /** Repository whose GitHub Actions may deploy, from main and from tags v*. Unset: nobody outside may. */
  github: z
    .strictObject({
      repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'is no owner/name'),
      /** Stays when the repository is renamed, and nobody gets it who takes over the old name. */
      repositoryId: z.coerce
        .number('is no number; see `gh api repos/OWNER/NAME --jq .id`')
        .int()
        .positive(),
    })
    .optional(),
  /** `yes` once the repository is connected to Cloud Build: makes its two triggers. */
  cloudBuild: z.enum(['yes', 'no']).default('no'),
  /** Where docs/runbook.md can be read; alerts link into it. */
  runbookUrl: z.url(),
  /** Receives metrics on localhost of each service and hands them on. */
  collectorImage: z
    .string()
    .regex(/:[\w.-]+$/, 'needs a fixed tag')
    .refine((image) => !image.endsWith(':latest'), 'must not be latest')
    .default(
      'us-docker.pkg.dev/cloud-ops-agents-artifacts/google-cloud-opentelemetry-collector/otelcol-google:0.144.0',
    ),
})

export type Settings = Readonly<z.infer<typeof settings>>

/** A stack: its name, its project and its checked settings. */
export type StackConfig = Settings & {
  readonly stack: string
  readonly projectId: string
  /** On everything that takes labels; costs can be split by them. */
  readonly labels: Readonly<Record<string, string>>
}

/** Raw text by key, as Pulumi keeps it: `asterai:region`, `gcp:project`. Objects and lists are JSON. */
export type RawConfig = Readonly<Record<string, string>>

/**
 * Checks a stack's configuration; a stack that is not understood builds nothing.
 *
 * @throws TradingError CONFIG_INVALID with key, what is wrong and the command that repairs it
 */
export function readConfig(stack: string, raw: RawConfig): StackConfig {
  const entries = Object.entries(raw)
    .filter(([key]) => key.startsWith('asterai:'))
    .map(([key, text]): [string, unknown] => [key.slice('asterai:'.length), parsed(text)])
  for (const [key, value] of [...entries, ['gcp:project', raw['gcp:project']] as const]) {
    if (value === undefined) throw refuse(stack, key, 'is not set')
    if (JSON.stringify(value).includes(placeholder))
      throw refuse(stack, key, 'is still a placeholder')
    if (!key.includes(':') && !Object.hasOwn(settings.shape, key)) {
      const close = suggest(key, Object.keys(settings.shape))
      throw refuse(stack, key, `does not exist${close ? `; did you mean ${close}?` : ''}`)
    }
  }
  const result = settings.safeParse(Object.fromEntries(entries))
  if (!result.success) {
    const issue = result.error.issues[0]
    throw refuse(stack, issue?.path.join('.') || 'config', issue?.message ?? 'is malformed')
  }
  checkTogether(stack, result.data)
  return Object.freeze({
    ...result.data,
    stack,
    projectId: raw['gcp:project'] as string,
    labels: { app: 'asterai', stack, mode: result.data.mode },
  })
}

function checkTogether(stack: string, config: Settings): void {
  if (config.mode === 'live' && config.allowLive !== 'yes')
    throw new TradingError(
      'LIVE_NOT_ALLOWED',
      `stack ${stack}: mode live needs a second switch; read docs/runbook.md, then: pulumi config set asterai:allowLive yes`,
    )
  const admins = new Set(config.consoleAdmins.map((name) => name.toLowerCase()))
  if (config.mode === 'live' && admins.size < 2)
    throw new TradingError(
      'CONFIG_INVALID',
      `stack ${stack}: mode live needs two consoleAdmins, because a resume of real money waits for the second one`,
    )
  if (config.release === undefined) return
  if (config.functionsZip === undefined)
    throw refuse(
      stack,
      'functionsZip',
      'is needed with a release; npm run build:services -- functions prints it',
    )
  for (const [name, { isLiveOnly }] of Object.entries(secrets) as [
    keyof typeof secrets,
    { isLiveOnly?: true },
  ][])
    if (config.secretVersions[name] === undefined && (config.mode === 'live' || !isLiveOnly))
      throw refuse(
        stack,
        `secretVersions.${name}`,
        `is not set; put a value in (gcloud secrets versions add ${name} --data-file=-), then pin its number`,
      )
}

/** Lists and objects come as JSON; everything else is text. */
function parsed(text: string): unknown {
  return /^[[{]/.test(text) ? JSON.parse(text) : text
}

const refuse = (stack: string, key: string, what: string) =>
  new TradingError(
    'CONFIG_INVALID',
    `stack ${stack}: ${key.includes(':') ? key : `asterai:${key}`} ${what} (Pulumi.${stack}.yaml; set it with: pulumi config set)`,
    { key },
  )
