import { type FunctionSpec, functions } from '#shared/cloud/manifest/function.ts'
import { metrics } from '#shared/cloud/manifest/metric.ts'
import { secrets } from '#shared/cloud/manifest/secret.ts'
import { type ServiceSpec, services } from '#shared/cloud/manifest/service.ts'
import { type PriceName, prices } from './price.ts'

/** How the GPU is run. */
export type Profile = {
  readonly name: string
  readonly what: string
  /** Hours a month that the model server has its GPU. */
  readonly gpuHours: number
}

/** What the manifest cannot say. Each is a guess a reader can change with an option. */
export type Assumptions = {
  /** Hours a day that somebody has the console open. */
  readonly consoleHoursPerDay: number
  /** Messages the executor publishes, in GiB a month. */
  readonly messageGiB: number
  /** Stored in the warehouse on average over the first year. */
  readonly warehouseGiB: number
  readonly queryTiB: number
  readonly tapeGiB: number
  readonly venueTrafficGiB: number
  /** Seconds a function runs per call, on average. */
  readonly functionSeconds: number
  readonly trainingHours: number
}

export const assumptions: Assumptions = {
  consoleHoursPerDay: 2,
  messageGiB: 50,
  warehouseGiB: 300,
  queryTiB: 1,
  tapeGiB: 100,
  venueTrafficGiB: 60,
  functionSeconds: 1.5,
  trainingHours: 4,
}

export type BillLine = {
  readonly what: string
  readonly quantity: number
  readonly price: PriceName
  readonly usd: number
}

export const hoursPerMonth = 730
const secondsPerMonth = hoursPerMonth * 3_600
const functionCpuPer512MiB = 0.333
const imagesGiB = 6
const leaseEverySeconds = 3
/** The least a container beside an always-on one may have. */
const sidecarCpu = 1
const sidecarGiB = 0.5
const samplesPerMonth = secondsPerMonth / 15
/** Attributes make several series of one metric, a histogram one per bucket. */
const seriesPerMetric = { counter: 4, gauge: 3, histogram: 40 } as const

/** What one month costs, from the manifest's sizes and schedules. Free tiers are not taken off. */
export function billOf({ gpuHours }: Profile, assumed: Assumptions): readonly BillLine[] {
  const lines: BillLine[] = []
  const add = (what: string, quantity: number, price: PriceName) =>
    lines.push({ what, quantity, price, usd: quantity * prices[price].usd })

  const specs = Object.entries(services)
  const pools = specs.filter(([, { kind }]) => kind === 'worker-pool')
  for (const [name, spec] of pools) {
    add(`${name}: CPU, always on`, spec.cpu * secondsPerMonth, 'poolCpu')
    add(`${name}: memory, always on`, gib(spec) * secondsPerMonth, 'poolMemory')
    add(`${name}: telemetry collector, CPU`, sidecarCpu * secondsPerMonth, 'poolCpu')
    add(`${name}: telemetry collector, memory`, sidecarGiB * secondsPerMonth, 'poolMemory')
  }
  const consoleSeconds = assumed.consoleHoursPerDay * (hoursPerMonth / 24) * 3_600
  add('console: CPU while open', services.console.cpu * consoleSeconds, 'serviceCpu')
  add('console: memory while open', gib(services.console) * consoleSeconds, 'serviceMemory')
  if (gpuHours > 0) {
    add('inference: L4', gpuHours, 'l4')
    add('inference: CPU beside the L4', services.inference.cpu * gpuHours * 3_600, 'serviceCpu')
    add(
      'inference: memory beside the L4',
      gib(services.inference) * gpuHours * 3_600,
      'serviceMemory',
    )
  }
  addFunctions(add, assumed)
  add('training: L4 on spot', assumed.trainingHours, 'trainingL4Spot')

  const addresses = new Set(specs.map(([, { egress }]) => egress).filter((name) => name !== 'none'))
  add('static addresses', addresses.size * hoursPerMonth, 'natAddress')
  add('NAT: instances behind it', (pools.length + 1) * hoursPerMonth, 'natEndpoint')
  add('NAT: traffic of venues', assumed.venueTrafficGiB, 'natTraffic')
  add('messages', assumed.messageGiB, 'publish')
  add('messages into the warehouse', assumed.messageGiB, 'warehouseSubscription')
  add('warehouse', assumed.warehouseGiB, 'warehouseStorage')
  add('queries', assumed.queryTiB, 'query')
  add('tapes, models, reports', assumed.tapeGiB, 'blobStorage')
  add('lease renewals', secondsPerMonth / leaseEverySeconds / 1_000, 'blobWrite')
  add('images', imagesGiB, 'imageStorage')
  add('secrets', Object.keys(secrets).length, 'secretVersion')
  const series = Object.values(metrics).reduce((sum, { kind }) => sum + seriesPerMetric[kind], 0)
  add('metrics', (series * samplesPerMonth) / 1e6, 'metricSamples')
  return lines
}

export const totalOf = (lines: readonly BillLine[]): number =>
  lines.reduce((sum, { usd }) => sum + usd, 0)

function addFunctions(
  add: (what: string, quantity: number, price: PriceName) => void,
  { functionSeconds }: Assumptions,
): void {
  const scheduled = Object.values(functions).filter(({ schedule }) => schedule !== undefined)
  const calls = (spec: FunctionSpec) => callsPerMonth(spec.schedule!)
  const sum = (of: (spec: FunctionSpec) => number) =>
    scheduled.reduce((total, spec) => total + of(spec) * calls(spec), 0)
  add(
    'functions: calls',
    sum(() => 1),
    'functionCall',
  )
  add(
    'functions: CPU',
    sum(({ memoryMiB }) => (memoryMiB / 512) * functionCpuPer512MiB * functionSeconds),
    'functionCpu',
  )
  add(
    'functions: memory',
    sum((spec) => gib(spec) * functionSeconds),
    'functionMemory',
  )
  add('schedules', scheduled.length, 'schedule')
}

/**
 * Calls a month of a cron line with seconds, of the shapes the manifest uses: a number, `*` or `* / n` per field.
 *
 * @throws RangeError for any other shape, so that a new one is not counted wrongly
 */
export function callsPerMonth(cron: string): number {
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = cron.split(' ')
  if (dayOfMonth !== '*' || month !== '*' || !/^\d+$/.test(second ?? ''))
    throw new RangeError(`schedule '${cron}' has a shape the estimate does not know`)
  const perHour = timesPer(minute!, 60, cron)
  const perDay = timesPer(hour!, 24, cron)
  const days = dayOfWeek === '*' ? hoursPerMonth / 24 : hoursPerMonth / 24 / 7
  return perHour * perDay * days
}

function timesPer(field: string, slots: number, cron: string): number {
  if (/^\d+$/.test(field)) return 1
  if (field === '*') return slots
  const step = /^\*\/(\d+)$/.exec(field)?.[1]
  if (step !== undefined) return Math.ceil(slots / Number(step))
  throw new RangeError(`schedule '${cron}' has a shape the estimate does not know`)
}

const gib = ({ memoryMiB }: Pick<ServiceSpec | FunctionSpec, 'memoryMiB'>): number =>
  memoryMiB / 1_024
