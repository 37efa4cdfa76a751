import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../refusal.ts'
import type { Actor, Identify } from './actor.ts'

export const tokenRemedy = 'open the page by the address printed at start, it ends in #token=…'

/** Whoever started the system on this machine: there is nobody above them here. */
const operatorHere: Actor = {
  name: 'operator@this-machine',
  role: 'admin',
  via: 'token',
  isAmbient: false,
}

/** One secret, printed at start. It comes in a header and never in a cookie, so a foreign page cannot send it along. */
export function identifyByToken(token: string): Identify {
  const expected = digest(token)
  return async ({ authorization, consoleToken }) => {
    const given = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? consoleToken
    if (given === undefined) return undefined
    if (!timingSafeEqual(digest(given), expected))
      throw new Refusal(401, 'the operator token is wrong', tokenRemedy)
    return operatorHere
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
