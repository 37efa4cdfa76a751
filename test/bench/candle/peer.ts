import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TradingError } from '#shared/kernel/error.ts'

/** Symbol, entry bar, exit bar, P&L after fees. */
export type PeerTrade = readonly [symbol: number, entry: number, exit: number, pnl: number]
export type PeerName = 'backtesting' | 'vectorbt-loop' | 'vectorbt-matrix'

export type Peers = {
  run(name: PeerName): Promise<{ readonly seconds: number; readonly trades: readonly PeerTrade[] }>
  close(): void
}

const venv = fileURLToPath(new URL('../build/venv-candle', import.meta.url))
const python = `${venv}/bin/python`
const script = fileURLToPath(new URL('./peer.py', import.meta.url))

/** One version each, so that a ratio can be measured again. */
const packages = ['backtesting==0.6.6', 'vectorbt==1.2.0']

/**
 * A Python process with the peers, installed into the build folder when they are not there yet.
 *
 * @returns why not, when Python is absent or the packages cannot be installed
 */
export async function startPeers(
  words: readonly string[],
  say: (line: string) => void,
): Promise<Peers | string> {
  const reason = install(say)
  if (reason !== undefined) return reason
  const child = spawn(python, [script, ...words], { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done) throw new TradingError('STATE_CORRUPT', 'the Python peer ended early')
    return JSON.parse(line.value)
  }
  await next()
  return {
    async run(name) {
      child.stdin.write(`${name}\n`)
      return (await next()) as { seconds: number; trades: readonly PeerTrade[] }
    },
    close() {
      child.stdin.end()
    },
  }
}

/** @returns what went wrong, in words; undefined when the peers are there */
function install(say: (line: string) => void): string | undefined {
  const quiet = { stdio: 'ignore', timeout: 600_000 } as const
  const isThere = (): boolean => {
    if (!existsSync(python)) return false
    try {
      const names = packages.map((name) => name.replace(/==.*/, '')).join(', ')
      const check = `import importlib.metadata as m; [m.version(n.strip()) for n in '${names}'.split(',')]`
      execFileSync(python, ['-c', check], quiet)
      return true
    } catch {
      return false
    }
  }
  if (isThere()) return undefined
  try {
    execFileSync('python3', ['--version'], quiet)
  } catch {
    return 'python3 is absent: no comparison with backtesting.py and vectorbt'
  }
  say(`installing ${packages.join(', ')} into test/bench/build (once) ...`)
  try {
    mkdirSync(dirname(venv), { recursive: true })
    execFileSync('python3', ['-m', 'venv', venv], quiet)
    execFileSync(python, ['-m', 'pip', 'install', '-q', ...packages], quiet)
  } catch {
    return `${packages.join(', ')} cannot be installed from PyPI: no comparison`
  }
  return isThere() ? undefined : 'the Python packages are installed but cannot be imported'
}
