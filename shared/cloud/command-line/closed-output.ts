/** A pipe whose reader ended, such as `| head -3`, and a terminal that is gone. */
const closedCodes: readonly unknown[] = ['EPIPE', 'EIO']

/**
 * Hears that nobody reads standard output or standard error any more. What is written there afterwards is dropped
 * instead of ending the process; any other fault of theirs still ends it.
 *
 * @param told - called once, at the first write that found nobody
 */
export function onOutputClosed(told: () => void = () => {}): void {
  let isTold = false
  const hear = (error: NodeJS.ErrnoException): void => {
    if (!closedCodes.includes(error.code)) throw error
    if (isTold) return
    isTold = true
    told()
  }
  process.stdout.on('error', hear)
  process.stderr.on('error', hear)
}
