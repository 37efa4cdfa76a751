import { z } from 'zod'
import type { Secrets } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerDay, microsPerSecond } from '#shared/kernel/unit.ts'
import { type FunctionPorts, type FunctionReport, readInput } from '../function-call.ts'
import { readDay, summaryOf } from './day.ts'
import { renderPage } from './page.ts'

const inputSchema = z.strictObject({
  /** A UTC day; the one before the scheduled time when absent. */
  day: z.iso.date().optional(),
})

type Ports = Pick<FunctionPorts, 'warehouse' | 'blobs' | 'secrets' | 'http'>

/**
 * Writes the page of a day and its figures to bucket `reports`, and one line to the alert channel when there is one.
 *
 * A repeated call writes the same two blobs anew; the channel hears the line again.
 *
 * @throws TradingError OPTION_INVALID for a day that has not begun; QUERY_INVALID
 * @throws TradingError PLATFORM_UNREACHABLE when the channel did not take the line; the page is written by then
 */
export async function publishReport(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> {
  const asked = readInput(inputSchema, input)
  const today = dayOf(scheduledAtUs)
  const day = asked.day ?? dayOf(scheduledAtUs - microsPerDay)
  if (day > today) throw new TradingError('OPTION_INVALID', `day: ${day} has not begun`)

  const report = await readDay(ports.warehouse, day, scheduledAtUs)
  const summary = summaryOf(report)
  const reports = ports.blobs('reports')
  const name = `daily/${day}`
  const text = new TextEncoder()
  await reports.put(`${name}.html`, text.encode(renderPage(report)))
  await reports.put(
    `${name}.json`,
    text.encode(`${JSON.stringify({ summary, ...report }, null, 2)}\n`),
  )
  const webhookUrl = webhookOf(ports.secrets)
  if (webhookUrl !== undefined) await post(ports, webhookUrl, summary)
  return {
    function: 'publish-report',
    day,
    page: `${name}.html`,
    summary,
    missing: report.missing,
    isPosted: webhookUrl !== undefined,
  }
}

const dayOf = (us: number): string => new Date(us / 1_000).toISOString().slice(0, 10)

/** The channel is optional: without its secret the page is all there is. */
function webhookOf(secrets: Secrets): string | undefined {
  try {
    return secrets.get('alert-webhook')
  } catch (error) {
    if (error instanceof TradingError && error.code === 'CONFIG_INVALID') return undefined
    throw error
  }
}

async function post({ http }: Ports, url: string, summary: string): Promise<void> {
  const outcome = await http({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: summary }),
    timeoutUs: 10 * microsPerSecond,
  }).then(
    ({ status }) => (status < 300 ? undefined : `answered ${status}`),
    () => 'did not answer',
  )
  // The address is a secret: no fault may carry it.
  if (outcome !== undefined)
    throw new TradingError(
      'PLATFORM_UNREACHABLE',
      `the alert channel ${outcome}; the page is written`,
    )
}
