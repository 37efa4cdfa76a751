/** Who looks at this page, as the console proved it. */
export type Operator = {
  readonly actor: string
  readonly role: 'viewer' | 'operator' | 'admin'
  /** What this deployment was told it trades with. */
  readonly mode: 'paper' | 'live'
  /** True on one machine: the right to command comes with the token in the address. */
  readonly needsToken: boolean
}

export type Command = 'kill' | 'flatten' | 'resume'

/** A resume that waits for a second admin. */
export type Waiting = {
  readonly id: string
  readonly askedBy: string
  /** Asked for by whoever looks at this page, who therefore cannot confirm it. */
  readonly isOwn: boolean
  readonly actionHash: string
  readonly reason: string
  /** When it ends, by `performance.now()`. */
  readonly endsMs: number
}

const token = takeToken()

/** The header says that our own page asks; a browser adds it for no other. */
const headers: Readonly<Record<string, string>> = {
  'X-Requested-With': 'asterai-console',
  ...(token === undefined ? {} : { 'X-Console-Token': token }),
}

export async function readOperator(): Promise<Operator> {
  const reply = await fetch('/api/me', { headers })
  if (!reply.ok) throw new Error(await refusalText(reply))
  return (await reply.json()) as Operator
}

const needs: Readonly<Record<Command, { readonly role: string; readonly deed: string }>> = {
  kill: { role: 'an operator or admin', deed: 'to kill or flatten' },
  flatten: { role: 'an operator or admin', deed: 'to kill or flatten' },
  resume: { role: 'an admin', deed: 'to resume' },
}

/** @returns why this page cannot send the command; undefined when it can */
export function lockedText(operator: Operator | undefined, command: Command): string | undefined {
  // Whoever wants to stop trading may try: the console knows who may.
  if (!operator)
    return command === 'resume' ? 'The console did not say who you are; asking again.' : undefined
  if (operator.needsToken && token === undefined)
    return 'This page may only look. To command, open the address printed at start; it ends in #token=…'
  const { actor, role } = operator
  if (role === 'admin' || (role === 'operator' && command !== 'resume')) return undefined
  return `${actor} is ${role}: ask ${needs[command].role} ${needs[command].deed}.`
}

/** @returns what to tell the person; throws with the refusal when it was refused */
export async function sendCommand(command: Command, reason: string): Promise<string> {
  const sent = await post('/api/commands', { command, reason })
  return 'awaits' in sent
    ? `${command} waits for a second admin, who sees it on this page and has five minutes`
    : `${command} sent, waiting for the executor to confirm`
}

export async function confirmResume({ id, actionHash }: Waiting): Promise<string> {
  await post(`/api/confirmations/${id}`, { actionHash })
  return 'resume confirmed, waiting for the executor'
}

/** Resumes that wait, oldest first; on one machine there are none. */
export async function readWaiting(operator: Operator): Promise<readonly Waiting[]> {
  if (operator.needsToken) return []
  const reply = await fetch('/api/confirmations', { headers })
  if (!reply.ok) throw new Error(await refusalText(reply))
  const { waiting, now } = (await reply.json()) as {
    readonly now: number
    readonly waiting: readonly (Omit<Waiting, 'reason' | 'endsMs' | 'isOwn'> & {
      readonly expiresAt: number
      readonly body: { readonly command?: string; readonly reason?: string }
    })[]
  }
  const readMs = performance.now()
  return waiting
    .filter(({ body }) => body.command === 'resume')
    .map(({ id, askedBy, actionHash, expiresAt, body }) => ({
      id,
      askedBy,
      isOwn: askedBy === operator.actor,
      actionHash,
      reason: body.reason ?? '',
      endsMs: readMs + (expiresAt - now) / 1e3,
    }))
}

async function post(path: string, body: unknown): Promise<object> {
  const reply = await fetch(path, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!reply.ok) throw new Error(await refusalText(reply))
  return (await reply.json()) as object
}

export async function refusalText(reply: Response): Promise<string> {
  const type = reply.headers.get('content-type') ?? ''
  // A proxy in between answers in its own words.
  if (!type.includes('json')) return `the console answered ${reply.status}: try again in a moment`
  const { error, remedy } = (await reply.json()) as { error: string; remedy: string }
  return `${error}: ${remedy}`
}

/** Takes the token out of the address, so that it is not copied or bookmarked with it; a reload keeps it. */
function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given) {
    sessionStorage.setItem('console-token', given)
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem('console-token') ?? undefined
}
