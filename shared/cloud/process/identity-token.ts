import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'

const metadataUrl = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts'
/** A token lives an hour; it is asked for again this long before its end. */
const lifeLeftUsMin = 5 * microsPerMinute

/**
 * The bearer with which this workload calls a service of ours: an OIDC token of its own identity, from the platform's
 * metadata server, kept until shortly before it lapses.
 *
 * @param audience - URL of the service that is called
 * @throws TradingError PLATFORM_UNREACHABLE when there is no metadata server, PLATFORM_REFUSED when it gives no token
 */
export function identityHeaders(
  { http, clock }: Pick<Runtime, 'http' | 'clock'>,
  audience: string,
): () => Promise<Readonly<Record<string, string>>> {
  let kept: { readonly token: string; readonly lapsesUs: number } | undefined
  return async () => {
    if (!kept || kept.lapsesUs - clock.nowUs() < lifeLeftUsMin) {
      const token = await askToken(http, audience)
      kept = { token, lapsesUs: lapseOf(token) }
    }
    return { authorization: `Bearer ${kept.token}` }
  }
}

async function askToken(http: Runtime['http'], audience: string): Promise<string> {
  const reply = await http({
    method: 'GET',
    url: `${metadataUrl}/default/identity?audience=${encodeURIComponent(audience)}`,
    headers: { 'metadata-flavor': 'Google' },
    timeoutUs: 2 * microsPerSecond,
  }).catch((cause: unknown) => {
    const line = 'no metadata server answers, so there is no identity; this runs in the cloud only'
    throw new TradingError('PLATFORM_UNREACHABLE', line, { audience }, cause)
  })
  if (reply.status !== 200)
    throw new TradingError(
      'PLATFORM_REFUSED',
      `the metadata server gave no identity token (status ${reply.status}); check the service account`,
      { audience },
    )
  return reply.body.trim()
}

/** @returns the end of the token's life in µs, read from its unverified middle part */
function lapseOf(token: string): number {
  const [, payload = ''] = token.split('.')
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    if (Number.isSafeInteger(exp)) return exp * microsPerSecond
  } catch (cause) {
    throw notAToken(cause)
  }
  throw notAToken()
}

const notAToken = (cause?: unknown): TradingError =>
  new TradingError('PLATFORM_REFUSED', 'the metadata server sent what is no token', {}, cause)
