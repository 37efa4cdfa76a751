import type { OAuth2Client } from 'google-auth-library'
import { TradingError } from '#shared/kernel/error.ts'
import type { Message } from '../port.ts'
import { decodeMessage } from './bus-row.ts'

/** Who may push, and what for. */
export type PushExpectation = {
  /** Address that the token was made for: the function's own. */
  readonly audience: string
  /** Identity of the subscription. */
  readonly serviceAccount: string
}

export type TokenClaims = {
  readonly iss?: string | undefined
  readonly email?: string | undefined
  readonly email_verified?: boolean | undefined
}

/** Checks signature, lifetime and audience of an OIDC token. Rejects when one of them is wrong. */
export type VerifyToken = (token: string, audience: string) => Promise<TokenClaims>

export type PushDelivery = {
  readonly message: Message
  readonly messageId: string
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey: string | undefined
  /** Full name of the subscription. */
  readonly subscription: string | undefined
  readonly deliveryAttempt: number | undefined
}

/** Public keys by key id, as PEM certificates. */
export type Certificates = Readonly<Record<string, string>>

const issuers: readonly string[] = ['https://accounts.google.com', 'accounts.google.com']

/**
 * Verifies tokens of Google.
 *
 * @param certificates - keys to check with instead of Google's published ones
 */
export function googleTokenVerifier(certificates?: Certificates): VerifyToken {
  // Kept, because the client remembers the published keys until they expire.
  let opening: Promise<OAuth2Client> | undefined
  return async (idToken, audience) => {
    opening ??= import('google-auth-library').then(({ OAuth2Client }) => new OAuth2Client())
    const client = await opening
    const ticket =
      certificates === undefined
        ? await client.verifyIdToken({ idToken, audience })
        : await client.verifySignedJwtWithCertsAsync(idToken, certificates, audience, [...issuers])
    return ticket.getPayload() ?? {}
  }
}

/**
 * Checks that a push comes from our subscription, beside what the platform checks.
 *
 * @param authorization - header of the request
 * @throws TradingError PLATFORM_REFUSED when it does not: answer 401
 */
export async function verifyPush(
  authorization: string | undefined,
  expected: PushExpectation,
  verifyToken: VerifyToken = googleTokenVerifier(),
): Promise<void> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw refused('it carries no bearer token')
  let claims: TokenClaims
  try {
    claims = await verifyToken(token, expected.audience)
  } catch (cause) {
    // The message of the library may quote the token, so only its kind is told.
    throw refused('its token is not valid for this address', cause)
  }
  if (!issuers.includes(claims.iss ?? '')) throw refused('its token is of another issuer')
  if (claims.email_verified !== true || claims.email !== expected.serviceAccount)
    throw refused(`its token is not of ${expected.serviceAccount}`)
}

/**
 * Unwraps the body of a push.
 *
 * @param topic - decides which fields are timestamps
 * @throws TradingError WIRE_SHAPE_UNKNOWN when it is no push: answer 400, so that it ends in the dead letters
 */
export function readPush(topic: string, body: unknown): PushDelivery {
  const { message, subscription, deliveryAttempt } = fields(body)
  const { data, messageId, attributes, orderingKey } = fields(message)
  if (typeof messageId !== 'string' || messageId === '') throw noPush('messageId')
  if (typeof data !== 'string') throw noPush('data')
  return {
    message: decodeMessage(topic, Buffer.from(data, 'base64')),
    messageId,
    attributes: Object.fromEntries(
      Object.entries(fields(attributes ?? {})).map(([name, value]) => [name, String(value)]),
    ),
    orderingKey: typeof orderingKey === 'string' ? orderingKey : undefined,
    subscription: typeof subscription === 'string' ? subscription : undefined,
    deliveryAttempt: typeof deliveryAttempt === 'number' ? deliveryAttempt : undefined,
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noPush('message')
  return value as Readonly<Record<string, unknown>>
}

const noPush = (field: string): TradingError =>
  new TradingError('WIRE_SHAPE_UNKNOWN', `the body is no push of Pub/Sub: '${field}' is missing`)

const refused = (reason: string, cause?: unknown): TradingError =>
  new TradingError('PLATFORM_REFUSED', `a push was refused: ${reason}`, {}, cause)
