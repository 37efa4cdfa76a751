import type { z } from 'zod'
import type { BucketName } from '#shared/cloud/manifest/bucket.ts'
import type {
  Blobs,
  Bus,
  ModelCatalog,
  Secrets,
  ServiceScaling,
  Training,
  Warehouse,
} from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Http } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMinute } from '#shared/kernel/unit.ts'
import type { AccountReader } from '#shared/venue/aster/account-reader.ts'
import type { PublicMarketReader, SecondMarketReader } from './public-market.ts'
import type { FunctionSettings } from './settings.ts'

/** Everything a function may be given; each function names the few it uses, and the manifest grants them. */
export type FunctionPorts = {
  readonly market: PublicMarketReader
  /** Absent where there is no second source: nothing else quotes an invented market. */
  readonly secondMarket: SecondMarketReader | undefined
  /** Name written into the `venue` and `source` columns. */
  readonly venue: string
  readonly warehouse: Warehouse
  readonly clock: Clock
  readonly bus: Bus
  readonly blobs: (bucket: BucketName) => Blobs
  /** By the names of the manifest. */
  readonly secrets: Secrets
  readonly http: Http
  readonly scaling: ServiceScaling
  /** Absent on one machine: jobs on a GPU are a thing of the cloud. */
  readonly training: Training | undefined
  /** Absent on one machine: the model folder is the only list. */
  readonly catalog: ModelCatalog | undefined
  /** Opens the accounts that the executor trades on, for reading; undefined without a key. */
  readonly accounts: (() => readonly ReadableAccount[]) | undefined
  readonly settings: FunctionSettings
  /** Nothing is looked for before this time: the system was not there. Undefined: it always was. */
  readonly openedUs: Micros | undefined
}

export type ReadableAccount = {
  readonly name: string
  /** The wallet it is kept in; bookings in others are left out. */
  readonly asset: string
  readonly reader: Pick<AccountReader, 'wallet' | 'income'>
}

/** What every function was asked, and what it did with it. */
export type FunctionReport = Readonly<Record<string, unknown>>

/**
 * The logic of one function.
 *
 * @param input - the request's JSON, unchecked
 * @param scheduledAtUs - names the run: a second call with the same time leaves the same rows
 */
export type FunctionLogic = (
  input: unknown,
  scheduledAtUs: Micros,
  ports: FunctionPorts,
) => Promise<FunctionReport>

/** What a call brings, whatever carries it. */
export type FunctionCall = { readonly input: unknown; readonly scheduleTime: string | undefined }

/** How a function answers, whatever carries the answer. */
export type FunctionReply = { readonly status: number; readonly body: FunctionReport }

/** A schedule time may run ahead of our clock by this much. */
const clockSkewUsMax = microsPerMinute

/**
 * Calls a function and turns its outcome into a status and one line.
 *
 * @throws whatever is no TradingError: a broken invariant, for the caller to log and answer with {@link failureReply}
 */
export async function answerCall(
  logic: FunctionLogic,
  request: FunctionCall,
  ports: FunctionPorts,
): Promise<FunctionReply> {
  try {
    const scheduledAtUs = readScheduleTime(request.scheduleTime, ports.clock.nowUs())
    return { status: 200, body: await logic(request.input, scheduledAtUs, ports) }
  } catch (error) {
    if (error instanceof TradingError) return failureReply(error)
    throw error
  }
}

/** Anything but a TradingError becomes a 500 without its text: it may hold what a caller must not see. */
export function failureReply(error: unknown): FunctionReply {
  if (!(error instanceof TradingError))
    return { status: 500, body: { error: 'INTERNAL', message: 'see the log of the function' } }
  return { status: statusOf(error), body: { error: error.code, message: error.message } }
}

function statusOf({ code, remedy }: TradingError): number {
  if (code === 'OPTION_INVALID' || code === 'MODEL_UNKNOWN' || code === 'MODEL_MISMATCH') return 400
  if (remedy === 'retry-later') return 503
  return code.startsWith('VENUE_') || code === 'WIRE_SHAPE_UNKNOWN' ? 502 : 500
}

/**
 * Reads Cloud Scheduler's time header. A call without one counts as that of the current minute.
 *
 * @throws TradingError OPTION_INVALID when it is no time, or lies ahead
 */
export function readScheduleTime(header: string | undefined, nowUs: number): Micros {
  if (header === undefined) return (nowUs - (nowUs % microsPerMinute)) as Micros
  const scheduledAtUs = Date.parse(header) * 1_000
  if (!/^\d{4}-\d\d-\d\dT/.test(header) || Number.isNaN(scheduledAtUs))
    throw new TradingError('OPTION_INVALID', `schedule time '${header}' is not an RFC 3339 time`)
  if (scheduledAtUs > nowUs + clockSkewUsMax)
    throw new TradingError('OPTION_INVALID', `schedule time ${header} lies ahead of the clock`)
  return scheduledAtUs as Micros
}

/** @throws TradingError OPTION_INVALID naming the first wrong field */
export function readInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.join('.') || 'input'
  throw new TradingError('OPTION_INVALID', `${path}: ${issue?.message ?? 'is not valid'}`)
}

/** @throws TradingError WIRE_SHAPE_UNKNOWN when `value` is not finite, or negative without `signed` */
export function checkNumber(value: number, what: string, sign: 'signed' | 'unsigned'): number {
  if (!Number.isFinite(value) || (sign === 'unsigned' && value < 0))
    throw new TradingError('WIRE_SHAPE_UNKNOWN', `${what} is ${value}; repeat the call later`)
  return value
}

/** A moment for people, UTC to the second. */
export const isoSeconds = (us: number): string =>
  `${new Date(Math.floor(us / 1_000_000) * 1_000).toISOString().slice(0, 19)}Z`
