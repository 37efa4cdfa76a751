import { byId, setText } from './dom.ts'
import { minutesText } from './format.ts'
import { type Operator, readWaiting, type Waiting } from './operator.ts'

const readEveryMs = 2_000
/** How long the page says that a request has expired. */
const expiredShownMs = 60_000

/**
 * Tells everybody that a resume waits for a second admin, and lets an admin look at it.
 *
 * @returns draws it; given nobody while nothing can wait
 */
export function createWaitingBanner(
  review: (waiting: Waiting) => void,
): (operator: Operator | undefined) => void {
  const banner = byId('waiting-banner')
  const button = byId<HTMLButtonElement>('review')
  let shown: Waiting | undefined
  let problem = ''
  let readMs = Number.NEGATIVE_INFINITY
  let isReading = false

  const read = async (operator: Operator) => {
    isReading = true
    readMs = performance.now()
    try {
      const found = await readWaiting(operator)
      const next = found.find(({ isOwn }) => !isOwn) ?? found[0]
      // One that has run out is shown as such for a while; one that was used is not.
      if (next || !hasEnded(shown)) shown = next
      problem = ''
    } catch (fault) {
      problem = `What waits for a second admin cannot be read: ${(fault as Error).message}`
    }
    isReading = false
  }

  button.addEventListener('click', () => shown && review(shown))
  return (operator) => {
    if (!operator) shown = undefined
    if (operator && !isReading && performance.now() - readMs > readEveryMs) void read(operator)
    if (shown && performance.now() - shown.endsMs > expiredShownMs) shown = undefined
    const text = problem || (shown && operator ? textOf(shown) : '')
    banner.hidden = !operator || text === ''
    setText(byId('waiting-text'), text)
    setText(byId('waiting-left'), shown && !problem ? leftText(shown) : '')
    button.hidden = !shown || hasExpired(shown) || operator?.role !== 'admin' || shown.isOwn
  }
}

/** The console's clock is ahead of ours by the way of its answer. */
const hasEnded = (waiting: Waiting | undefined): boolean =>
  waiting !== undefined && waiting.endsMs - performance.now() < readEveryMs

const hasExpired = (waiting: Waiting | undefined): boolean =>
  waiting !== undefined && waiting.endsMs <= performance.now()

function textOf(waiting: Waiting): string {
  const { askedBy, isOwn, reason } = waiting
  if (hasExpired(waiting))
    return `The resume that ${isOwn ? 'you' : askedBy} asked for has expired: ask for it again.`
  return isOwn
    ? `You asked to resume trading with real money: “${reason}”. A second admin must confirm.`
    : `${askedBy} asks to resume trading with real money: “${reason}”. A second admin must confirm.`
}

/** Apart from the text, so that a screen reader is not told every second. */
const leftText = ({ endsMs }: Waiting): string => {
  const left = minutesText(endsMs - performance.now())
  return left === undefined ? '' : `${left} left`
}
