import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { TradingError } from '#shared/kernel/error.ts'
import { type ToolName, toolPath } from './tool.ts'

/** A stand-in that runs in its own process. */
export type ToolProcess = {
  /** Ends it; resolves when it is gone. */
  close(): Promise<void>
}

export type ToolStart = {
  readonly name: ToolName
  readonly args: readonly string[]
  /** Asked again and again until it answers true. */
  readonly isReady: () => Promise<boolean>
}

/** Lines of its output that are told when a start fails. */
const outputLinesMax = 5
/** The pipe to it closes when we are gone, even by SIGKILL; `cat` then ends and the tool is killed. */
const guard =
  'exec 3<&0; "$@" & tool=$!; (cat <&3 >/dev/null; kill -9 $tool) 2>/dev/null & wait $tool'
const patienceMs = 30_000
const askAgainMs = 25

/**
 * Starts a stand-in and waits until it answers. It ends with this process, however this process ends.
 *
 * @throws TradingError CONFIG_INVALID when the program was not built
 * @throws TradingError PLATFORM_UNREACHABLE when it ends or stays silent; the message has its last words
 */
export async function startTool({ name, args, isReady }: ToolStart): Promise<ToolProcess> {
  const path = toolPath(name)
  if (!existsSync(path))
    throw new TradingError('CONFIG_INVALID', `${name} is not built; run 'npm run emulators' once`)
  const child = spawn('/bin/sh', ['-c', guard, 'sh', path, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter(Boolean))
      lines.splice(0, lines.length - outputLinesMax)
    })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      lines.push(error.message)
      resolve()
    })
  })
  const close = async () => {
    child.stdin.end()
    await ended
  }
  try {
    await waitUntilReady(child, ended, isReady)
  } catch (cause) {
    await close()
    const said = lines.join(' | ') || 'it said nothing'
    throw new TradingError(
      'PLATFORM_UNREACHABLE',
      `${name} did not start: ${said}; run it by hand: ${path} ${args.join(' ')}`,
      {},
      cause,
    )
  }
  return { close }
}

async function waitUntilReady(
  child: ChildProcess,
  ended: Promise<void>,
  isReady: () => Promise<boolean>,
): Promise<void> {
  let hasEnded = false
  const end = ended.then(() => {
    hasEnded = true
  })
  const deadline = performance.now() + patienceMs
  while (!(await isReady().catch(() => false))) {
    if (hasEnded || child.exitCode !== null) throw new Error('it ended')
    if (performance.now() > deadline) throw new Error('it did not answer in time')
    await Promise.race([end, new Promise((wake) => setTimeout(wake, askAgainMs))])
  }
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((listening, failed) => {
      server.once('error', failed).listen(0, '127.0.0.1', listening)
    })
    const address = server.address()
    if (typeof address === 'object' && address) ports.push(address.port)
  }
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}
