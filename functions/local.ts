import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { limitPorts } from './access.ts'
import {
  answerCall,
  type FunctionPorts,
  type FunctionReport,
  failureReply,
  readScheduleTime,
} from './function-call.ts'
import { logics } from './logic.ts'

export type FunctionAppOptions = {
  readonly ports: FunctionPorts
  /** Hears of faults that are nobody's input: log them. */
  readonly report: (error: unknown) => void
}

/**
 * The functions inside one process, behind the same requests as in the cloud: `POST /functions/<name>` with JSON or
 * no body. Mount it with `app.route('/', createFunctionApp({ ports }))`.
 */
export function createFunctionApp({ ports, report }: FunctionAppOptions): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    report(error)
    const reply = failureReply(error)
    return c.json(reply.body, reply.status as ContentfulStatusCode)
  })
  app.post('/functions/:name', async (c) => {
    const name = c.req.param('name')
    if (!Object.hasOwn(logics, name))
      return c.json({ error: 'OPTION_INVALID', message: `no function '${name}'` }, 404)
    const body = await c.req.text()
    let input: unknown
    try {
      input = body === '' ? {} : JSON.parse(body)
    } catch {
      return c.json({ error: 'OPTION_INVALID', message: 'the body is not JSON' }, 400)
    }
    const scheduleTime = c.req.header('x-cloudscheduler-scheduletime')
    const known = name as FunctionName
    const call = { input, scheduleTime }
    const reply = await answerCall(await logics[known](), call, limitPorts(known, ports))
    return c.json(reply.body, reply.status as ContentfulStatusCode)
  })
  return app
}

/**
 * Calls a function without HTTP: what the local cron and the console do.
 *
 * @throws TradingError OPTION_INVALID, VENUE_*, WIRE_SHAPE_UNKNOWN, WAREHOUSE_BUSY
 */
export const functionCaller =
  (ports: FunctionPorts) =>
  async (
    name: FunctionName,
    scheduledAtUs: Micros = readScheduleTime(undefined, ports.clock.nowUs()),
    input: unknown = {},
  ): Promise<FunctionReport> => {
    if (!Object.hasOwn(logics, name))
      throw new TradingError('OPTION_INVALID', `no function '${name}' in the manifest`)
    const logic = await logics[name]()
    return await logic(input, scheduledAtUs, limitPorts(name, ports))
  }
