import type { TwinContext } from './context.ts'
import { mandatory, venueRefusal } from './refusal.ts'
import type { Params } from './request.ts'
import type { Route } from './route.ts'
import { domainSeparator, recoverSigner } from './signature.ts'

/** Who signed a request, and with which nonce. */
export type Signed = { readonly account: number; readonly nonceUs: number }

export type Gate = {
  /**
   * Checks signature, then nonce, of a signed request.
   *
   * @param text - query or body exactly as received; `&signature=…` is its end
   * @throws TradingError VENUE_REFUSED -1102, -1022, -2015, -4225
   */
  check(context: TwinContext, route: Route, text: string, params: Params): Signed
}

const marker = '&signature='

export function createGate(chainId: number): Gate {
  const separator = domainSeparator(chainId)
  return {
    check: (context, route, text, params) => {
      for (const name of ['nonce', 'signer', 'signature'])
        if (!params.get(name)) throw mandatory(name)
      const at = text.lastIndexOf(marker)
      const signature = text.slice(at + marker.length)
      if (at < 0 || signature.includes('&'))
        throw venueRefusal(-1022, 'Signature for this request is not valid.')

      const recovered = recoverSigner(separator, text.slice(0, at), signature)
      const signer = params.get('signer')?.toLowerCase() ?? ''
      if (recovered !== signer)
        throw venueRefusal(-1022, 'Signature for this request is not valid.')
      const account = context.accountBySigner.get(signer)
      const user = params.get('user')?.toLowerCase()
      const owner =
        account === undefined ? undefined : context.accounts[account]?.user.toLowerCase()
      if (account === undefined || (user !== undefined && user !== owner))
        throw venueRefusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401)

      const nonceUs = Number(params.get('nonce'))
      if (!route.isGuarded && !context.nonces.consume(signer, nonceUs, context.state.nowUs))
        throw venueRefusal(-4225, 'Nonce Expired')
      return { account, nonceUs }
    },
  }
}
