import { byId, setText } from './dom.ts'

type Command = 'kill' | 'flatten' | 'resume'

const wordings: Record<Command, { title: string; what: string; confirm: string; reason: string }> =
  {
    kill: {
      title: 'Stop trading?',
      what: 'Cancels every working order and places no new ones. Open positions stay open.',
      confirm: 'Kill now',
      reason: 'operator kill',
    },
    flatten: {
      title: 'Close all positions?',
      what: 'Cancels every working order and closes open positions at the market; then trading stays stopped.',
      confirm: 'Flatten now',
      reason: 'operator flatten',
    },
    resume: {
      title: 'Resume trading?',
      what: 'Strategies may place orders again. Check first that the cause of the stop is gone.',
      confirm: 'Resume now',
      reason: '',
    },
  }

/** Connects kill, flatten and resume with their confirm step. */
export function mountCommands(): void {
  const token = takeToken()
  const dialog = byId<HTMLDialogElement>('command-dialog')
  const reason = byId<HTMLInputElement>('command-reason')
  const confirm = byId<HTMLButtonElement>('command-confirm')
  const error = byId('command-error')
  let command: Command = 'kill'

  const ask = (next: Command) => {
    command = next
    const wording = wordings[next]
    setText(byId('command-title'), wording.title)
    setText(byId('command-what'), wording.what)
    setText(confirm, wording.confirm)
    confirm.className = next === 'resume' ? 'go' : 'danger'
    reason.value = wording.reason
    setText(error, token === undefined ? lockedText : '')
    confirm.disabled = token === undefined
    dialog.showModal()
    if (wording.reason) confirm.focus()
    else reason.focus()
  }

  for (const name of ['kill', 'flatten', 'resume'] as const)
    byId(name).addEventListener('click', () => ask(name))
  byId('command-cancel').addEventListener('click', () => dialog.close())
  dialog.querySelector('form')!.addEventListener('submit', (event) => {
    event.preventDefault()
    confirm.disabled = true
    send(command, reason.value, token ?? '')
      .then((refusal) => {
        if (refusal === undefined) {
          dialog.close()
          announce(`${command} sent, waiting for the executor to confirm`)
        } else setText(error, refusal)
      })
      .catch(() => setText(error, 'the console did not answer: is the process still running?'))
      .finally(() => {
        confirm.disabled = false
      })
  })
}

const lockedText =
  'This page may only look. Open the address printed at start, it ends in #token=…, to command.'

/** Hides the note once the executor has answered. */
export function endAnnouncement(): void {
  byId('command-banner').hidden = true
}

function announce(text: string): void {
  const banner = byId('command-banner')
  setText(banner, text)
  banner.hidden = false
}

/** @returns why it was refused; undefined when it was accepted */
async function send(command: Command, reason: string, token: string): Promise<string | undefined> {
  const reply = await fetch('/api/commands', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Console-Token': token },
    body: JSON.stringify({ command, reason }),
  })
  if (reply.ok) return undefined
  const refusal = (await reply.json()) as { readonly error: string; readonly remedy: string }
  return `${refusal.error}: ${refusal.remedy}`
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
