import { globSync, readFileSync } from 'node:fs'

/** One file of the tree with what the rules look at. */
export type Source = {
  /** From the repository root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** The text with comments and the insides of strings blanked; positions and lines are kept. */
  readonly code: string
  /** What it imports or re-exports from, also by `import()`. */
  readonly imports: readonly string[]
  /** The insides of plain string literals. */
  readonly literals: readonly string[]
}

export const isTest = (path: string): boolean =>
  /\.(test|fixture|conformance|bench)\.ts$|^test\/|\/testing\//.test(path)

/** Every TypeScript file that is ours. */
export function readSources(): readonly Source[] {
  const folders = ['shared', 'functions', 'run-services', 'pipelines', 'infra', 'test']
  const paths = globSync([...folders.map((folder) => `${folder}/**/*.ts`), '*.ts'], {
    exclude: ['**/node_modules/**', '**/dist/**', '**/build/**'],
  })
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => sourceFrom(path, readFileSync(path, 'utf8')))
}

export function sourceFrom(path: string, text: string): Source {
  const { code, literals } = blank(text)
  const imports = literals
    .filter(({ start }) => isImportPlace(code.slice(Math.max(0, start - 600), start - 1)))
    .map(({ inside }) => inside)
  return { path, text, code, imports, literals: literals.map(({ inside }) => inside) }
}

/** The code before a specifier ends in `from`, a bare `import`, or `import(`. */
const isImportPlace = (before: string): boolean =>
  /(?:^|[\n;])\s*(?:import|export)\b[^;=()]*?\bfrom\s*$/.test(before) ||
  /(?:^|[\s;(])import\s*\(?\s*$/.test(before)

type Literal = { readonly start: number; readonly inside: string }

/** Comments, strings and regular expressions, by one pass over the text. */
const tokens =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\}|[^`\\])*`|(?<=[=(,:;!&|?[{}+\n]\s*|\breturn\s+)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g

function blank(text: string): { code: string; literals: readonly Literal[] } {
  const literals: Literal[] = []
  const code = text.replace(tokens, (token, offset: number) => {
    const quote = token[0]
    if (quote === '`') return blankTemplate(token)
    if (quote === "'" || quote === '"') {
      literals.push({ start: offset + 1, inside: token.slice(1, -1) })
      return quote + spaces(token.slice(1, -1)) + quote
    }
    return spaces(token)
  })
  return { code, literals }
}

const spaces = (text: string): string => text.replace(/[^\n]/g, ' ')

/** What stands in `${…}` is code. */
const blankTemplate = (token: string): string =>
  token
    .split(/(\$\{(?:[^{}]|\{[^{}]*\})*\})/)
    .map((part) => (part.startsWith('${') ? part : spaces(part)))
    .join('')
