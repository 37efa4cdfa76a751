import { Refusal } from '../refusal.ts'

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Refuses names this server does not go by, so that a foreign site cannot rebind its own name to it.
 *
 * @param hosts - names it answers to; none means this machine only
 */
export function checkHost(host: string, hosts: readonly string[]): void {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if ((hosts.length === 0 ? loopbackNames : hosts).includes(name)) return
  throw hosts.length === 0
    ? new Refusal(403, `host '${host}' is not this machine`, 'open http://127.0.0.1 instead')
    : new Refusal(403, `host '${host}' is not a name of this console`, `open https://${hosts[0]}`)
}

/** Refuses requests that another site's page makes, whether or not it could read the answer. */
export function checkSite(site: string | undefined): void {
  if (site === 'cross-site' || site === 'same-site')
    throw new Refusal(403, 'request comes from another site', 'use the console page itself')
}

/** The header that our own page sends; another site's page cannot without being asked about it first. */
export const pageHeader = { name: 'X-Requested-With', value: 'asterai-console' } as const

/**
 * Refuses a change that a browser might send on behalf of another site, with a credential it adds by itself.
 *
 * @param given - the headers `Origin`, `Host` and {@link pageHeader}
 */
export function checkPage(given: {
  readonly origin: string | undefined
  readonly host: string
  readonly page: string | undefined
}): void {
  const { origin, host, page } = given
  const isOwn = origin === undefined || originHost(origin) === host.toLowerCase()
  if (isOwn && page === pageHeader.value) return
  throw new Refusal(
    403,
    isOwn ? `the header ${pageHeader.name} is missing` : 'request comes from another site',
    `use the console page itself, or send ${pageHeader.name}: ${pageHeader.value} from a program`,
  )
}

const originHost = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host.toLowerCase() : undefined
