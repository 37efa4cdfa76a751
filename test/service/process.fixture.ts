import { type ChildProcess, spawn } from 'node:child_process'

/** A line of a process of ours. */
export type LogLine = { readonly severity: string; readonly message: string }

export type StartedProcess = {
  readonly lines: readonly LogLine[]
  /** Resolves with the first line whose message matches, also one that was said before. */
  said(pattern: RegExp): Promise<string>
  /** Exit code, and how long it took from the signal, in ms. */
  signal(name: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }>
  readonly exited: Promise<number | null>
  readonly child: ChildProcess
}

/** Starts a process and reads what it says; whatever it writes on stderr counts as a line too. */
export function startProcess(
  command: string,
  argv: readonly string[],
  options: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly uid?: number | undefined
  } = {},
): StartedProcess {
  const { PATH = '' } = process.env
  const child = spawn(command, argv, {
    cwd: options.cwd ?? process.cwd(),
    env: { PATH, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  const lines: LogLine[] = []
  const waiting: { pattern: RegExp; tell: (message: string) => void }[] = []
  const take = (line: LogLine) => {
    lines.push(line)
    for (const each of waiting) if (each.pattern.test(line.message)) each.tell(line.message)
  }
  const read = (stream: NodeJS.ReadableStream | null) => {
    let rest = ''
    stream?.on('data', (chunk: Buffer) => {
      rest += chunk.toString()
      const whole = rest.split('\n')
      rest = whole.pop() ?? ''
      for (const text of whole) take(lineFrom(text))
    })
  }
  read(child.stdout)
  read(child.stderr)
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  return {
    lines,
    child,
    exited,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const before = lines.find(({ message }) => pattern.test(message))
        if (before) return resolve(before.message)
        waiting.push({ pattern, tell: resolve })
        void exited.then((code) => {
          const text = lines.map(({ message }) => message).join('\n')
          reject(new Error(`ended with ${code} before it said ${pattern}:\n${text}`))
        })
      }),
    async signal(name) {
      const from = performance.now()
      child.kill(name)
      const code = await exited
      return { code, ms: performance.now() - from }
    },
  }
}

function lineFrom(text: string): LogLine {
  try {
    const { severity, message } = JSON.parse(text)
    if (typeof message === 'string') return { severity, message }
  } catch {
    // A line that is no JSON is taken as it is.
  }
  return { severity: 'DEFAULT', message: text }
}
