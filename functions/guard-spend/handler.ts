import { z } from 'zod'
import { readSpend, type SpendRow, spendQuery } from '#shared/cloud/query/spend.ts'
import { type Micros, microsPerDay } from '#shared/kernel/unit.ts'
import { type Alert, raiseAlerts } from '../alert.ts'
import { type FunctionPorts, type FunctionReport, readInput } from '../function-call.ts'
import { gpuHours, isWithinWindow } from './gpu-hours.ts'
import { isPush, readBudgetNotice } from './notice.ts'

const inputSchema = z.strictObject({})

/** The only service it may touch. The executor holds positions: it is never stopped to save money. */
const service = 'inference'
const scaledDown = `${service} scaled to zero`
/** Of a row that is written before: whether it was done, the rows of the schedule tell. */
const toldToScale = `${service} told to scale to zero`

type Ports = Pick<FunctionPorts, 'warehouse' | 'bus' | 'scaling' | 'settings'>

/**
 * Keeps the bill small by switching the GPU off: on a notice of the billing budget (a push of Pub/Sub), or on its
 * schedule when the GPU ran longer than it may, outside of its hours, or in a month whose budget is spent.
 *
 * Billing lags by up to a day; the hours are our own count, made by every run, so that they do not.
 *
 * @throws TradingError OPTION_INVALID for a push that is no budget notice
 * @throws TradingError PLATFORM_UNREACHABLE when it is unknown whether the GPU is off: the call must be repeated
 * @throws TradingError PLATFORM_REFUSED when there is no such service, or no right to it; the notice is stored by then
 */
export const guardSpend = async (
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> =>
  isPush(input) ? await onBudgetNotice(input, ports) : await onSchedule(input, scheduledAtUs, ports)

async function onBudgetNotice(input: unknown, ports: Ports): Promise<FunctionReport> {
  const notice = readBudgetNotice(input)
  const { publishedUs, period, budgetAmount, costAmount, budgetName } = notice
  const share = costAmount / budgetAmount
  const isOver = share >= ports.settings.budgetActionShare
  const before = readSpend(
    await ports.warehouse.query(spendQuery('budget', publishedUs - 32 * microsPerDay, publishedUs)),
  ).filter((row) => row.period === period)
  const shareBefore = Math.max(0, ...before.map(shareOf))
  const passed = thresholds.filter((threshold) => share >= threshold && shareBefore < threshold)

  // What is spent is known whatever becomes of the GPU, and others decide by it.
  await ports.warehouse.insert('spend', [
    {
      kind: 'budget',
      period,
      recorded_at: publishedUs,
      amount: costAmount,
      allowed: budgetAmount,
      action: isOver ? toldToScale : '',
    },
  ])

  const highest = passed.at(-1)
  if (highest !== undefined)
    await raiseAlerts(ports.bus, [
      {
        alert: 'budget',
        summary: `${Math.round(share * 100)} % of budget ${budgetName} is spent: ${costAmount} of ${budgetAmount} ${notice.currencyCode}`,
        detail: isOver
          ? `The model server is told to scale to zero; trading goes on. Notice ${notice.messageId}.`
          : `Nothing is switched off before ${Math.round(ports.settings.budgetActionShare * 100)} %.`,
        atUs: publishedUs,
        dedupeKey: `${budgetName}:${period}:${highest}`,
      },
    ])
  if (isOver) await ports.scaling.setInstanceCount(service, 0)
  return { function: 'guard-spend', budget: budgetName, period, share, isScaledDown: isOver }
}

const thresholds = [0.5, 0.8, 1] as const

/** A budget without an amount is never spent. */
const shareOf = ({ amount, allowed }: SpendRow): number => (allowed ? amount / allowed : 0)

async function onSchedule(input: unknown, atUs: Micros, ports: Ports): Promise<FunctionReport> {
  readInput(inputSchema, input)
  const { settings, warehouse } = ports
  const told = await ports.scaling.instanceCount(service)
  // One that scales by load has at most one instance: taken as running, which never counts too little.
  const count = told ?? 1
  const day = new Date(atUs / 1_000).toISOString().slice(0, 10)
  const month = day.slice(0, 7)
  const dayUs = Date.parse(`${day}T00:00:00Z`) * 1_000
  const monthUs = Date.parse(`${month}-01T00:00:00Z`) * 1_000
  const before = readSpend(
    await warehouse.query(spendQuery('gpu-instances', monthUs - microsPerDay, atUs)),
  )
  const seen = before.map((row) => ({ atUs: row.recordedAtUs, count: row.amount }))
  const hoursToday = gpuHours(seen, dayUs, atUs)
  const hoursThisMonth = gpuHours(seen, monthUs, atUs)

  // Its hours may have switched it on again since the notice said so.
  const budget = readSpend(
    await warehouse.query(spendQuery('budget', atUs - 32 * microsPerDay, atUs)),
  ).filter((row) => row.period === month)
  const budgetShare = Math.max(0, ...budget.map(shareOf))
  const reason = reasonToStop({ hoursToday, hoursThisMonth, budgetShare, atUs }, settings)
  const mustStop = count > 0 && reason !== undefined
  const alert: Alert = {
    alert: 'gpu-hours',
    summary: `the GPU is switched off: ${reason}`,
    detail: `${hoursToday.toFixed(2)} h today, ${hoursThisMonth.toFixed(2)} h this month; trading goes on.`,
    atUs,
    dedupeKey: `${day}:${reason}`,
  }
  if (mustStop) {
    await raiseAlerts(ports.bus, [alert])
    await ports.scaling.setInstanceCount(service, 0)
  }
  const row = (kind: string, period: string, amount: number, allowed: number | null) => ({
    kind,
    period,
    recorded_at: atUs,
    amount,
    allowed,
    action: mustStop ? scaledDown : '',
  })
  await warehouse.insert('spend', [
    row('gpu-instances', day, mustStop ? 0 : count, null),
    row('gpu-hours-day', day, hoursToday, settings.gpuHoursPerDayMax),
    row('gpu-hours-month', month, hoursThisMonth, settings.gpuHoursPerMonthMax),
  ])
  return {
    function: 'guard-spend',
    instances: told ?? 'scales by load, counted as 1',
    gpuHoursToday: hoursToday,
    gpuHoursThisMonth: hoursThisMonth,
    isScaledDown: mustStop,
    ...(mustStop ? { reason } : {}),
  }
}

function reasonToStop(
  now: {
    readonly hoursToday: number
    readonly hoursThisMonth: number
    readonly budgetShare: number
    readonly atUs: number
  },
  settings: FunctionPorts['settings'],
): string | undefined {
  if (!isWithinWindow(now.atUs, settings.gpuWindow)) return 'it is outside of its hours'
  if (now.hoursToday >= settings.gpuHoursPerDayMax)
    return `its ${settings.gpuHoursPerDayMax} h of today are used up`
  if (now.hoursThisMonth >= settings.gpuHoursPerMonthMax)
    return `its ${settings.gpuHoursPerMonthMax} h of this month are used up`
  if (now.budgetShare >= settings.budgetActionShare) return 'the budget of this month is spent'
  return undefined
}
