import { http } from '@google-cloud/functions-framework'
import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import {
  answerCall,
  type FunctionLogic,
  type FunctionPorts,
  failureReply,
} from './function-call.ts'

/** Registers a function with the platform's framework. `openPorts` is called per request and shares what is open. */
export function serveFunction(
  name: FunctionName,
  logic: FunctionLogic,
  openPorts: () => Promise<FunctionPorts>,
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
      const reply = await answerCall(logic, call, await openPorts())
      response.status(reply.status).json(reply.body)
    } catch (error) {
      console.error(error)
      const reply = failureReply(error)
      response.status(reply.status).json(reply.body)
    }
  })
}
