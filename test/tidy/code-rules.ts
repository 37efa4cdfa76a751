import { basename, posix } from 'node:path'
import { layerOf, pureLayers } from './import-rules.ts'
import { isTest, type Source } from './source.ts'

type Ban = { readonly pattern: RegExp; readonly what: string }

const clocks: readonly Ban[] = [
  { pattern: /\bDate\.now\b/, what: 'Date.now' },
  { pattern: /\bnew Date\(\s*\)/, what: 'new Date()' },
  { pattern: /\bMath\.random\b/, what: 'Math.random' },
  { pattern: /\bset(?:Timeout|Interval|Immediate)\b/, what: 'a timer' },
  { pattern: /\bperformance\.now\b/, what: 'performance.now' },
]
const surroundings: readonly Ban[] = [
  { pattern: /\bprocess\b\s*\./, what: 'process' },
  { pattern: /\bconsole\s*\./, what: 'console' },
  { pattern: /(?<![.\w])fetch\s*\(/, what: 'fetch' },
  {
    pattern: /\bnew (?:WebSocket|EventSource|Worker|BroadcastChannel)\b/,
    what: 'a socket or thread',
  },
  {
    pattern: /\b(?:crypto\.(?:randomUUID|getRandomValues)|queueMicrotask)\b/,
    what: 'crypto or the event loop',
  },
]

const banned = ({ path, code }: Source, bans: readonly Ban[]): readonly string[] =>
  bans.filter(({ pattern }) => pattern.test(code)).map(({ what }) => `${path}: uses ${what}`)

/** kernel to analytics have no clock, random source, environment, log, socket or file. */
export function purityProblems(source: Source): readonly string[] {
  const { path, imports } = source
  if (!path.startsWith('shared/') || !pureLayers.includes(layerOf(path))) return []
  // Their tests may read fixtures, but no clock either: a red test must be red tomorrow.
  if (isTest(path)) return banned(source, clocks)
  const outside = imports
    .filter((specifier) => specifier.startsWith('node:'))
    .map((specifier) => `${path}: imports ${specifier}`)
  return [...banned(source, [...clocks, ...surroundings]), ...outside]
}

/** venue/ takes clock, timers, HTTP and sockets from Runtime only, so that it runs in virtual time too. */
export function runtimeProblems(source: Source): readonly string[] {
  const { path, imports } = source
  if (!path.startsWith('shared/venue/') || isTest(path)) return []
  const outside = imports
    .filter((specifier) => /^(node:(?!crypto|buffer)|ws$|undici|hono)/.test(specifier))
    .map((specifier) => `${path}: imports ${specifier}`)
  return [...banned(source, [...clocks, ...surroundings]), ...outside]
}

/** No barrels, no default exports, and nothing Node cannot strip. */
export function exportProblems({ path, code }: Source): readonly string[] {
  const isConfig = /(^|\/)(vite|vitest)\.config\.ts$/.test(path)
  const bans: readonly Ban[] = [
    { pattern: /^\s*export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^\n]*\bfrom\b/m, what: 're-exports' },
    ...(isConfig ? [] : [{ pattern: /^\s*export\s+default\b/m, what: 'a default export' }]),
    { pattern: /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s/m, what: 'enum' },
    { pattern: /^\s*(?:export\s+)?namespace\s/m, what: 'namespace' },
  ]
  return bans.filter(({ pattern }) => pattern.test(code)).map(({ what }) => `${path}: has ${what}`)
}

/** Files end at 400 lines, tests at 600. */
export function lengthProblems({ path, text }: Source): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n').length
  const most = isTest(path) ? 600 : 400
  return lines > most ? [`${path}: ${lines} lines, more than ${most}`] : []
}

const emptyWords: ReadonlySet<string> = new Set(
  'manager helper helpers util utils handler handlers enhanced advanced smart v2 data info tmp'.split(
    ' ',
  ),
)

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)

/** Names of files and exports are words of the field. */
export function nameProblems({ path, code }: Source): readonly string[] {
  const file = basename(path).replace(/\.ts$/, '')
  const isHandlerFile = /^handler(\.test)?$/.test(file)
  const allows = (word: string) =>
    !emptyWords.has(word) && (word !== 'engine' || path.includes('/engine/'))
  const exported = [
    ...code.matchAll(
      /^\s*export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:const|let|function\*?|class|type|interface)\s+([\w$]+)/gm,
    ),
  ].map(([, name]) => name ?? '')
  const names = isHandlerFile ? exported : [file, ...exported]
  return names
    .filter((name) => !wordsOf(name).every(allows))
    .map((name) => `${path}: '${name}' is an empty name`)
}

/** A price is rounded by side, once, in kernel/unit.ts. */
export function roundingProblems({ path, code }: Source): readonly string[] {
  if (!path.startsWith('shared/strategy/') || isTest(path)) return []
  return code
    .split('\n')
    .filter((line) => /\bMath\.round\b.*(ticks|price|bid|ask|mid|quote)/i.test(line))
    .map((line) => `${path}: round bids down and asks up, not ${line.trim()}`)
}

/** Every test runs. One that needs something absent says so by `skipIf`. */
export function testProblems({ path, code }: Source): readonly string[] {
  if (!isTest(path)) return []
  const call = /\b(?:test|it|describe)(?:\.\w+)*\.(only|skip|todo|fails)\b/.exec(code)
  return call ? [`${path}: has .${call[1]}`] : []
}

/** Nothing refers to a place outside the repository, other than the folder `../shared` beside it. */
export function outsideProblems({ path, text, literals }: Source): readonly string[] {
  const absolute = /(?<![\w.:/])\/(?:work|home|root|Users|mnt)\/[\w.-]+/.exec(text)
  const leaving = literals
    .filter((literal) => /^\.\.?\//.test(literal))
    .filter((literal) => {
      const fromFile = posix.join(posix.dirname(path), literal)
      const fromRoot = posix.normalize(literal)
      return (
        [fromFile, fromRoot].every((target) => target.startsWith('..')) &&
        !/^\.\.\/shared\b/.test(fromRoot)
      )
    })
  return [
    ...(absolute ? [`${path}: mentions ${absolute[0]}`] : []),
    ...leaving.map((literal) => `${path}: ${literal} leaves the repository`),
  ]
}

/** Topics spelled in code exist in the manifest. */
export function topicProblems(
  { path, text, code }: Source,
  topics: readonly string[],
): readonly string[] {
  if (isTest(path)) return []
  return [...code.matchAll(/\b[bB]us\)?\s*\.\s*(?:publish|subscribe)\(\s*'( *)'/g)].flatMap(
    (call) => {
      const end = (call.index ?? 0) + call[0].length - 1
      const topic = text.slice(end - (call[1]?.length ?? 0), end)
      return topics.includes(topic) ? [] : [`${path}: topic '${topic}' is not in the manifest`]
    },
  )
}
