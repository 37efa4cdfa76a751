import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'

export type RunningSystem = {
  readonly operatorUrl: string
  /** Where it keeps what it writes. */
  readonly folder: string
  /** Everything it has printed so far. */
  output(): string
  /** Freezes the whole process, as if its machine hung. */
  freeze(): void
  thaw(): void
  /** Asks it to end as Ctrl-C does. @returns its exit code; undefined when it did not end in time and was killed */
  stop(): Promise<number | undefined>
}

const root = join(import.meta.dirname, '../..')
const stopWithinMs = 20_000
const operatorAddress = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/

/**
 * Starts the real trading system as a child process in a folder of its own.
 *
 * @throws TradingError CONFIG_INVALID with its output when it ends before it prints the address of its page
 */
export async function startSystem(options: readonly string[]): Promise<RunningSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-browser-'))
  const main = join(root, 'run-services/local/main.ts')
  const child = spawn(process.execPath, [main, '--folder', folder, ...options], { cwd: root })
  const ended = new Promise<number | undefined>((resolve) => {
    child.once('exit', (code) => {
      rmSync(folder, { recursive: true, force: true })
      resolve(code ?? undefined)
    })
  })
  const killWithParent = () => child.kill('SIGKILL')
  process.once('exit', killWithParent)

  let output = ''
  const operatorUrl = await readAddress(child, (text) => {
    output += text
    return output
  })
  return {
    operatorUrl,
    folder,
    output: () => output,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    stop: () => {
      child.kill('SIGCONT')
      child.kill('SIGINT')
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      return ended.finally(() => clearTimeout(timer))
    },
  }
}

function readAddress(child: ChildProcess, append: (text: string) => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const onText = (chunk: Buffer) => {
      output = append(chunk.toString())
      const address = operatorAddress.exec(output)?.[0]
      if (address) resolve(address)
    }
    child.stdout?.on('data', onText)
    child.stderr?.on('data', onText)
    child.once('exit', (code) =>
      reject(
        new TradingError(
          'CONFIG_INVALID',
          `the system ended with ${code} before its page was up:\n${output}`,
        ),
      ),
    )
  })
}
