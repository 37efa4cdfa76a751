/** From least to most: each may do all that those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const

export type Role = (typeof roles)[number]

/** Who asks, proved by a credential. */
export type Actor = {
  /** An email; on one machine the name of its operator. */
  readonly name: string
  readonly role: Role
  readonly via: 'token' | 'iap' | 'oidc' | 'this-machine'
  /** A browser sends the credential by itself, so a foreign page could use it: more is asked of such requests. */
  readonly isAmbient: boolean
}

/** What a request carries to prove who sends it. */
export type Credentials = {
  readonly authorization: string | undefined
  readonly consoleToken: string | undefined
  readonly iapAssertion: string | undefined
}

/**
 * Says who sends a request; undefined when it carries no credential at all.
 *
 * @throws Refusal 401 when a credential is there and wrong, 503 when the keys to check it cannot be had
 */
export type Identify = (credentials: Credentials) => Promise<Actor | undefined>

export const mayActAs = (has: Role, needs: Role): boolean =>
  roles.indexOf(has) >= roles.indexOf(needs)
