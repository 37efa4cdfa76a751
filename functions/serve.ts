import { http } from '@google-cloud/functions-framework'
import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import { logFault, processLog } from '#shared/cloud/telemetry/log.ts'
import { inTrace, traceOf } from '#shared/cloud/telemetry/trace-scope.ts'
import { limitPorts } from './access.ts'
import {
  answerCall,
  type FunctionCall,
  type FunctionLogic,
  type FunctionPorts,
  type FunctionReply,
  failureReply,
} from './function-call.ts'

/**
 * Registers a function with the platform's framework. Scheduler calls and Pub/Sub pushes are both a POST of JSON; a
 * status of 200 ends the matter, 503 asks for another call. Who may call is decided before the request gets here.
 *
 * No collector stands beside a function: the platform itself writes the span of the request, and the lines logged here
 * name that span.
 *
 * @param load - the logic, loaded with the first call
 * @param openPorts - called per request; shares what is open
 */
export function serveFunction(
  name: FunctionName,
  load: () => Promise<FunctionLogic>,
  openPorts: (name: FunctionName) => Promise<FunctionPorts>,
): void {
  const log = processLog(name)
  const answer = async (call: FunctionCall): Promise<FunctionReply> => {
    try {
      const ports = limitPorts(name, await openPorts(name))
      const reply = await answerCall(await load(), call, ports)
      if (reply.status >= 500) log(String(reply.body.message), 'ERROR', { error: reply.body.error })
      return reply
    } catch (error) {
      logFault(log, error, 'ERROR')
      return failureReply(error)
    }
  }
  http(name, async (request, response) => {
    if (request.method !== 'POST') {
      response
        .status(405)
        .set('allow', 'POST')
        .json({ error: 'OPTION_INVALID', message: 'only POST is answered' })
      return
    }
    const call = {
      input: request.body,
      scheduleTime: request.get('x-cloudscheduler-scheduletime'),
    }
    const trace = traceOf((header) => request.get(header))
    const reply = await inTrace(trace, () => answer(call))
    response.status(reply.status).json(reply.body)
  })
}
