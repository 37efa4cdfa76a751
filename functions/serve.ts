import { http } from '@google-cloud/functions-framework'
import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import { limitPorts } from './access.ts'
import {
  answerCall,
  type FunctionLogic,
  type FunctionPorts,
  failureReply,
} from './function-call.ts'

/**
 * Registers a function with the platform's framework. Scheduler calls and Pub/Sub pushes are both a POST of JSON; a
 * status of 200 ends the matter, 503 asks for another call.
 *
 * @param load - the logic, loaded with the first call
 * @param openPorts - called per request; shares what is open
 */
export function serveFunction(
  name: FunctionName,
  load: () => Promise<FunctionLogic>,
  openPorts: (name: FunctionName) => Promise<FunctionPorts>,
): void {
  http(name, async (request, response) => {
    if (request.method !== 'POST') {
      response
        .status(405)
        .set('allow', 'POST')
        .json({ error: 'OPTION_INVALID', message: 'only POST is answered' })
      return
    }
    try {
      const scheduleTime = request.get('x-cloudscheduler-scheduletime')
      const call = { input: request.body, scheduleTime }
      const ports = limitPorts(name, await openPorts(name))
      const reply = await answerCall(await load(), call, ports)
      if (reply.status >= 500) console.error(JSON.stringify({ severity: 'ERROR', ...reply.body }))
      response.status(reply.status).json(reply.body)
    } catch (error) {
      console.error(error)
      const reply = failureReply(error)
      response.status(reply.status).json(reply.body)
    }
  })
}
