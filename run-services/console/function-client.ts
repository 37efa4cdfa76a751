import { identityHeaders } from '#shared/cloud/process/identity-token.ts'
import { traceHeaders } from '#shared/cloud/telemetry/trace-scope.ts'
import { silentTracer, type Tracer } from '#shared/cloud/telemetry/tracer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerMinute } from '#shared/kernel/unit.ts'

/** Longer than the longest function may take. */
const timeoutUs = 6 * microsPerMinute

/**
 * Calls functions where they are deployed, with the identity of this service.
 *
 * @param template - address with `{name}` in the place of the function's name; also the audience of the token
 * @param tracer - gets a span for each call; the function's log carries the same trace
 * @returns what the function answers
 * @throws TradingError CONFIG_INVALID for an address without `{name}`; from a call OPTION_INVALID when the function
 *   refuses its input, PLATFORM_REFUSED when it failed, PLATFORM_UNREACHABLE when it is unknown whether it ran
 */
export function functionClient(
  runtime: Pick<Runtime, 'http' | 'clock'>,
  template: string | undefined,
  tracer: Tracer = silentTracer,
): (name: string, body: unknown) => Promise<unknown> {
  if (!template || !/^https?:\/\/[^/]*\{name\}|\/\{name\}/.test(template))
    throw new TradingError(
      'CONFIG_INVALID',
      'ASTERAI_FUNCTION_URL is not set or lacks {name}; give the address of functions, e.g. https://{name}-123.asia-northeast1.run.app',
    )
  const headersByUrl = new Map<string, ReturnType<typeof identityHeaders>>()
  const call = async (name: string, body: unknown): Promise<unknown> => {
    const url = template.replace('{name}', name)
    const headers = headersByUrl.get(url) ?? identityHeaders(runtime, url)
    headersByUrl.set(url, headers)
    const reply = await runtime
      .http({
        method: 'POST',
        url,
        headers: { ...(await headers()), ...traceHeaders(), 'content-type': 'application/json' },
        body: JSON.stringify(body ?? {}),
        timeoutUs,
      })
      .catch((cause: unknown) => {
        const line = `${name} gave no answer, so it is unknown whether it ran; look at its log before calling again`
        throw new TradingError('PLATFORM_UNREACHABLE', line, {}, cause)
      })
    const answer = parsed(reply.body)
    if (reply.status === 200) return answer
    const message =
      typeof answer === 'object' && answer !== null && 'message' in answer
        ? String(answer.message)
        : undefined
    const said = message ?? `status ${reply.status}`
    if (reply.status === 400) throw new TradingError('OPTION_INVALID', `${name}: ${said}`)
    // Without words of the function it is what stands before it that gave up waiting.
    if ((reply.status === 502 || reply.status === 504) && message === undefined)
      throw new TradingError(
        'PLATFORM_UNREACHABLE',
        `${name}: ${said}, so it is unknown whether it ran; look at its log before calling again`,
      )
    if (reply.status === 503 || reply.status === 429)
      throw new TradingError('PLATFORM_UNREACHABLE', `${name}: ${said}; call again later`)
    throw new TradingError('PLATFORM_REFUSED', `${name} failed: ${said}`)
  }
  return (name, body) => tracer.span(`call ${name}`, {}, () => call(name, body))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
