import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import type { RoleList } from '../config.ts'
import { Refusal } from '../refusal.ts'
import type { Actor, Identify, Role } from './actor.ts'

/** Where the public keys of the two issuers come from; tests bring their own. */
export type GoogleKeys = { readonly iap: JWTVerifyGetKey; readonly oidc: JWTVerifyGetKey }

export type GoogleSettings = {
  /** `/projects/NUMBER/locations/REGION/services/NAME`; undefined where no IAP stands in front. */
  readonly iapAudience: string | undefined
  /** The service's own address; undefined where machines do not call. */
  readonly oidcAudience: string | undefined
  readonly roles: RoleList
}

const iapKeysUrl = 'https://www.gstatic.com/iap/verify/public_key-jwk'
const oidcKeysUrl = 'https://www.googleapis.com/oauth2/v3/certs'
const clockSkewSeconds = 30

/** Google's own keys, fetched when first needed and kept until an unknown key appears. */
export const googleKeys = (): GoogleKeys => ({
  iap: createRemoteJWKSet(new URL(iapKeysUrl)),
  oidc: createRemoteJWKSet(new URL(oidcKeysUrl)),
})

/**
 * Checks what Google says about the caller: the header that IAP adds (people), or a bearer token of a service account
 * (machines). IAP strips the header from what clients send, but the check does not rely on that.
 */
export function identifyByGoogle(
  settings: GoogleSettings,
  keys: GoogleKeys,
  clock: Clock,
): Identify {
  const verify = async (
    token: string,
    expected: { key: JWTVerifyGetKey; issuer: string[]; audience: string; algorithm: string },
  ): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(token, expected.key, {
      issuer: expected.issuer,
      audience: expected.audience,
      algorithms: [expected.algorithm],
      requiredClaims: ['exp', 'iat', 'email'],
      clockTolerance: clockSkewSeconds,
      maxTokenAge: '1 hour',
      currentDate: new Date(clock.nowUs() / microsPerMilli),
    }).catch((fault: unknown) => {
      throw refusalOfToken(fault)
    })
    return payload
  }

  return async ({ authorization, iapAssertion }) => {
    const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (iapAssertion !== undefined && settings.iapAudience !== undefined) {
      const payload = await verify(iapAssertion, {
        key: keys.iap,
        issuer: ['https://cloud.google.com/iap'],
        audience: settings.iapAudience,
        algorithm: 'ES256',
      })
      // IAP keeps its session in a cookie, which a browser sends whoever asks.
      return actorOf(payload, settings.roles, { via: 'iap', isAmbient: true })
    }
    if (bearer !== undefined && settings.oidcAudience !== undefined) {
      const payload = await verify(bearer, {
        key: keys.oidc,
        issuer: ['https://accounts.google.com', 'accounts.google.com'],
        audience: settings.oidcAudience,
        algorithm: 'RS256',
      })
      if (payload.email_verified !== true)
        throw new Refusal(401, 'the email in the token is not verified', tokenRemedy)
      return actorOf(payload, settings.roles, { via: 'oidc', isAmbient: false })
    }
    return undefined
  }
}

function actorOf(
  payload: JWTPayload,
  list: RoleList,
  how: Pick<Actor, 'via' | 'isAmbient'>,
): Actor {
  const name = String(payload.email).toLowerCase()
  const role = roleOf(name, list)
  if (role === undefined)
    throw new Refusal(
      403,
      `${name} has no role here`,
      'ask an admin to add the address to the console’s viewers, operators or admins',
      { who: name },
    )
  return { name, role, ...how }
}

/** The highest role that lists the address. */
function roleOf(email: string, { admins, operators, viewers }: RoleList): Role | undefined {
  if (admins.includes(email)) return 'admin'
  if (operators.includes(email)) return 'operator'
  return viewers.includes(email) ? 'viewer' : undefined
}

const tokenRemedy = 'sign in again, or get a new identity token for this service'

/** What is wrong with a token, never the token itself. Keys that cannot be fetched say nothing about it. */
function refusalOfToken(fault: unknown): Refusal {
  if (fault instanceof errors.JWTExpired)
    return new Refusal(401, 'the identity token has expired', tokenRemedy)
  if (fault instanceof errors.JWTClaimValidationFailed)
    return new Refusal(401, `the identity token has the wrong ${claimName(fault)}`, tokenRemedy)
  const isTokens =
    fault instanceof errors.JOSEError &&
    !(fault instanceof errors.JWKSTimeout) &&
    fault.code !== 'ERR_JOSE_GENERIC'
  if (isTokens)
    return new Refusal(401, 'the identity token is not signed by its issuer', tokenRemedy)
  return new Refusal(
    503,
    'the keys to check the identity token cannot be fetched',
    'try again in a few seconds',
    { cause: fault },
  )
}

const claimNames: Readonly<Record<string, string>> = {
  aud: 'audience',
  iss: 'issuer',
  iat: 'time of issue',
  exp: 'expiry',
  nbf: 'begin',
}

const claimName = ({ claim }: { readonly claim: string }): string => claimNames[claim] ?? claim
