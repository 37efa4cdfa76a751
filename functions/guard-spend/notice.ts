import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { readInput } from '../function-call.ts'

const pushSchema = z.object({
  message: z.object({
    data: z.string().min(1),
    messageId: z.string().min(1),
    publishTime: z.iso.datetime({ offset: true }),
  }),
})

/** Version 1.0 of the billing budget's notices; amounts are in `currencyCode`. */
const noticeSchema = z.object({
  budgetDisplayName: z.string(),
  /** Absent while no threshold is passed. */
  alertThresholdExceeded: z.number().nonnegative().optional(),
  costAmount: z.number().nonnegative(),
  costIntervalStart: z.iso.datetime({ offset: true }),
  budgetAmount: z.number().positive(),
  currencyCode: z.string(),
})

export type BudgetNotice = {
  readonly messageId: string
  readonly publishedUs: Micros
  readonly budgetName: string
  /** Month of the cost, `2026-11`. */
  readonly period: string
  readonly costAmount: number
  readonly budgetAmount: number
  readonly currencyCode: string
  /** Share of the budget the notice is about; undefined when no threshold is passed. */
  readonly thresholdExceeded: number | undefined
}

export const isPush = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'message' in input

/**
 * Reads a budget notice out of what Pub/Sub pushes.
 *
 * @throws TradingError OPTION_INVALID naming the field; the message then goes to the dead letters
 */
export function readBudgetNotice(input: unknown): BudgetNotice {
  const { message } = readInput(pushSchema, input)
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(message.data, 'base64').toString('utf8'))
  } catch {
    throw new TradingError('OPTION_INVALID', 'message.data: is not base64 of JSON')
  }
  const notice = readInput(noticeSchema, parsed)
  return {
    messageId: message.messageId,
    publishedUs: (Date.parse(message.publishTime) * 1_000) as Micros,
    budgetName: notice.budgetDisplayName,
    period: new Date(notice.costIntervalStart).toISOString().slice(0, 7),
    costAmount: notice.costAmount,
    budgetAmount: notice.budgetAmount,
    currencyCode: notice.currencyCode,
    thresholdExceeded: notice.alertThresholdExceeded,
  }
}
