import { onOutputClosed } from '#shared/cloud/command-line/closed-output.ts'

/**
 * Entry of `npm start`. Signals are heard from the first moment on; everything else is loaded after. One Ctrl-C may
 * arrive as two signals (npm passes its own copy on), so repeats only say that the end is under way. A terminal that
 * was closed, or a pipe that nobody reads any more, is a wish to end like any other: nobody watches, orders still rest.
 */
const stop = Promise.withResolvers<undefined>()
let isAsked = false
const askToStop = () => {
  if (isAsked) return
  isAsked = true
  process.stderr.write('\nstopping: canceling orders, closing the books\n')
  stop.resolve(undefined)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, askToStop)
onOutputClosed(askToStop)

const { main } = await import('./cli.ts')
process.exitCode = await main(process.argv.slice(2), stop.promise)
// Nothing may keep a stopped process; what had to be written is written.
process.exit()
