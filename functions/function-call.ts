import type { z } from 'zod'
import type { Warehouse } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMinute } from '#shared/kernel/unit.ts'
import type { PublicMarketReader } from './public-market.ts'

export type FunctionPorts = {
  readonly market: PublicMarketReader
  /** Name written into the `venue` column. */
  readonly venue: string
  readonly warehouse: Warehouse
  readonly clock: Clock
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
  request: { readonly input: unknown; readonly scheduleTime: string | undefined },
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
  if (code === 'OPTION_INVALID') return 400
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
