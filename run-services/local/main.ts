/**
 * Entry of `npm start`. Signals are heard from the first moment on; everything else is loaded after. One Ctrl-C may
 * arrive as two signals (npm passes its own copy on), so repeats only say that the end is under way.
 */
const stop = Promise.withResolvers<undefined>()
let isAsked = false
const onSignal = () => {
  if (isAsked) return
  isAsked = true
  process.stderr.write('\nstopping: canceling orders, closing the books\n')
  stop.resolve(undefined)
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)

const { main } = await import('./cli.ts')
process.exitCode = await main(process.argv.slice(2), stop.promise)
// Nothing may keep a stopped process; what had to be written is written.
process.exit()
