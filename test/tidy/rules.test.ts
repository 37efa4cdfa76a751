import { describe, expect, test } from 'vitest'
import {
  exportProblems,
  lengthProblems,
  nameProblems,
  outsideProblems,
  purityProblems,
  roundingProblems,
  runtimeProblems,
  testProblems,
  topicProblems,
} from './code-rules.ts'
import {
  folderProblems,
  layerProblems,
  packageProblems,
  specifierProblems,
} from './import-rules.ts'
import {
  commandProblems,
  declarationProblems,
  differences,
  linkProblems,
  versionProblems,
} from './project-rules.ts'
import { type Source, sourceFrom } from './source.ts'

type Rule = (source: Source) => readonly string[]

/** Each violation must be found, each innocent twin of it must pass. */
function checks(
  rule: Rule,
  guilty: readonly [string, string][],
  innocent: readonly [string, string][],
) {
  test.each(guilty)('finds it in %s: %s', (path, text) => {
    expect(rule(sourceFrom(path, text))).not.toEqual([])
  })
  test.each(innocent)('lets pass %s: %s', (path, text) => {
    expect(rule(sourceFrom(path, text))).toEqual([])
  })
}

describe('reading a file', () => {
  const source = sourceFrom(
    'shared/kernel/a.ts',
    `import { type A,
  b } from '../market/event.ts'
import './side-effect.ts'
export { c } from "./c.ts"
const later = await import('./later.ts')
// import { d } from './comment.ts'
/* from './block.ts' */
const text = "from './string.ts'"
const shown = \`Date.now \${Math.random()} 'x'\`
const pattern = /'Date.now'/
const half = a / b / c // Date.now
`,
  )

  test('finds all kinds of imports and nothing else', () => {
    expect(source.imports).toEqual([
      '../market/event.ts',
      './side-effect.ts',
      './c.ts',
      './later.ts',
    ])
  })

  test('blanks comments, strings and patterns but not code in templates', () => {
    expect(source.code).not.toContain('Date.now')
    expect(source.code).not.toContain('string.ts')
    expect(source.code).toContain('Math.random()')
    expect(source.code).toContain('a / b / c')
    expect(source.code.length).toBe(source.text.length)
  })
})

describe('layers', () => {
  checks(
    layerProblems,
    [
      ['shared/kernel/a.ts', "import type { X } from '#shared/market/event.ts'"],
      ['shared/market/a.ts', "import { x } from '../trading/ledger/ledger.ts'"],
      ['shared/strategy/glft/a.ts', "import { x } from '#shared/trading/risk/review.ts'"],
      ['shared/venue/a.ts', "import { x } from '#shared/cloud/port.ts'"],
      ['shared/newcomer/a.ts', ''],
    ],
    [
      ['shared/market/a.ts', "import { x } from '#shared/kernel/unit.ts'"],
      ['shared/cloud/local/a.ts', "import { x } from '../port.ts'"],
      ['shared/trading/order/a.ts', "import { x } from '../../market/event.ts'"],
      ['run-services/console/a.ts', "import { x } from '#shared/cloud/port.ts'"],
    ],
  )
})

describe('folders', () => {
  checks(
    folderProblems,
    [
      ['shared/cloud/a.ts', "import { x } from '#functions/local.ts'"],
      ['functions/a/index.ts', "import { x } from '#services/console/app.ts'"],
      ['run-services/console/a.ts', "import { x } from '../twin/wire.ts'"],
      ['run-services/console/a.ts', "import { x } from '#services/executor/app.ts'"],
      ['run-services/console/a.ts', "import { x } from '../../shared/cloud/port.ts'"],
      ['run-services/console/a.ts', "import { x } from '#test/contract/bus.conformance.ts'"],
      ['run-services/console/a.test.ts', "import { x } from '#services/twin/wire.ts'"],
      ['shared/market/a.test.ts', "import { x } from '../../test/contract/bus.conformance.ts'"],
    ],
    [
      ['run-services/local/a.ts', "import { x } from '#services/twin/wire.ts'"],
      ['run-services/console/page/a.ts', "import { x } from '../state.ts'"],
      ['run-services/console/a.ts', "import { x } from '#functions/local.ts'"],
      ['shared/cloud/local/bus.test.ts', "import { x } from '#test/contract/bus.conformance.ts'"],
      ['test/property/a.test.ts', "import { x } from '#services/twin/wire.ts'"],
    ],
  )
})

describe('packages', () => {
  checks(
    packageProblems,
    [
      ['shared/market/a.ts', "import { z } from 'zod'"],
      ['shared/venue/aster/a.ts', "import { Hono } from 'hono'"],
      ['shared/analytics/a.ts', "import { tableFromIPC } from 'apache-arrow'"],
      ['run-services/console/a.ts', "import { DuckDBInstance } from '@duckdb/node-api'"],
      ['run-services/console/a.ts', "import left from 'left-pad'"],
      ['functions/a/index.ts', "import { readFile } from 'fs'"],
      ['shared/kernel/a.ts', "import fc from 'fast-check'"],
      ['shared/simulation/a.ts', "import { sha3_256 } from '@noble/hashes/sha3.js'"],
    ],
    [
      ['shared/venue/aster/a.ts', "import { z } from 'zod'"],
      ['shared/venue/aster/a.ts', "import { sha3_256 } from '@noble/hashes/sha3.js'"],
      ['functions/a/index.ts', "import { readFile } from 'node:fs/promises'"],
      ['shared/kernel/a.test.ts', "import fc from 'fast-check'"],
      ['shared/kernel/a.ts', "// import { z } from 'zod'"],
    ],
  )
})

describe('specifiers', () => {
  checks(
    specifierProblems,
    [
      ['shared/kernel/a.ts', "import { x } from './unit'"],
      ['shared/kernel/a.ts', "import { x } from '#shared/market'"],
    ],
    [['run-services/console/page/a.ts', "import './page.css'\nimport { x } from './unit.ts'"]],
  )
})

describe('purity', () => {
  checks(
    purityProblems,
    [
      ...[
        'const t = Date.now()',
        'const t = new Date()',
        'const r = Math.random()',
        `const r = \`\${Math.random()}\``,
        'setTimeout(task, 1)',
        'setInterval(task, 1)',
        'setImmediate(task)',
        'const t = performance.now()',
        'const e = process.env.KEY',
        "console.log('x')",
        "const r = await fetch('http://a')",
        "const s = new WebSocket('ws://a')",
        'const id = crypto.randomUUID()',
        "import { readFileSync } from 'node:fs'",
        "import { createHash } from 'node:crypto'",
      ].map((text): [string, string] => ['shared/analytics/a.ts', text]),
      ['shared/kernel/a.test.ts', 'expect(Date.now()).toBe(1)'],
    ],
    [
      ['shared/kernel/a.ts', '/** Date.now is not read here. */'],
      ['shared/kernel/a.ts', "const name = 'Math.random'"],
      ['shared/kernel/a.ts', 'const at = new Date(timeMs)'],
      ['shared/kernel/a.ts', 'const prefetch = (x: number) => x; prefetch(1)'],
      ['shared/market/a.test.ts', "import { readFileSync } from 'node:fs'"],
      ['shared/cloud/local/a.ts', 'const t = Date.now()'],
    ],
  )
})

describe('venue', () => {
  checks(
    runtimeProblems,
    [
      ['shared/venue/aster/a.ts', 'const t = Date.now()'],
      ['shared/venue/aster/a.ts', "await fetch('https://fapi.asterdex.com')"],
      ['shared/venue/aster/a.ts', "import { WebSocket } from 'ws'"],
      ['shared/venue/aster/a.ts', "import { request } from 'node:https'"],
      ['shared/venue/aster/a.ts', 'setTimeout(retry, 1)'],
    ],
    [
      ['shared/venue/aster/a.ts', 'await runtime.http(request)'],
      ['shared/cloud/local/runtime.ts', "await fetch('https://fapi.asterdex.com')"],
      ['shared/venue/aster/a.test.ts', "import { readFileSync } from 'node:fs'"],
    ],
  )
})

describe('exports', () => {
  checks(
    exportProblems,
    [
      ['shared/kernel/a.ts', "export * from './b.ts'"],
      ['shared/kernel/a.ts', "export { b } from './b.ts'"],
      ['shared/kernel/a.ts', "export type { B } from './b.ts'"],
      ['shared/kernel/a.ts', 'export default 1'],
      ['shared/kernel/a.ts', 'export const enum Side { buy }'],
      ['shared/kernel/a.ts', 'namespace Sides {}'],
    ],
    [
      ['vitest.config.ts', 'export default defineConfig({})'],
      ['shared/kernel/a.ts', 'export const enumerate = 1\nexport type { B }'],
    ],
  )
})

describe('length', () => {
  checks(
    lengthProblems,
    [
      ['shared/kernel/a.ts', '\n'.repeat(401)],
      ['shared/kernel/a.test.ts', '\n'.repeat(601)],
    ],
    [
      ['shared/kernel/a.ts', '\n'.repeat(400)],
      ['shared/kernel/a.test.ts', '\n'.repeat(600)],
    ],
  )
})

describe('names', () => {
  checks(
    nameProblems,
    [
      ['shared/trading/order-manager.ts', ''],
      ['shared/kernel/utils.ts', ''],
      ['shared/kernel/a.ts', 'export class OrderManager {}'],
      ['shared/kernel/a.ts', 'export const priceData = 1'],
      ['shared/kernel/a.ts', 'export type SymbolInfo = {}'],
      ['shared/kernel/a.ts', 'export async function smartRoute() {}'],
      ['shared/kernel/a.ts', 'export const fillHandler = 1'],
      ['shared/simulation/matching-engine.ts', ''],
    ],
    [
      ['functions/scan-funding/handler.ts', 'export async function scanFunding() {}'],
      ['shared/trading/engine/step.ts', 'export const engineState = 1'],
      ['shared/kernel/a.ts', 'export const databaseName = 1; const tmp = 2'],
      ['shared/kernel/a.ts', 'export const securityHeaders = 1'],
    ],
  )
})

describe('rounding', () => {
  checks(
    roundingProblems,
    [['shared/strategy/glft/a.ts', 'const bid = Math.round(priceTicks)']],
    [
      ['shared/strategy/glft/a.ts', 'const periods = Math.round(elapsedUs / intervalUs)'],
      ['shared/strategy/glft/a.ts', '// Math.round(priceTicks) would cross'],
    ],
  )
})

describe('tests', () => {
  checks(
    testProblems,
    [
      ['shared/kernel/a.test.ts', "test.only('x', () => {})"],
      ['shared/kernel/a.test.ts', "describe.skip('x', () => {})"],
      ['shared/kernel/a.test.ts', "it.todo('x')"],
      ['shared/kernel/a.test.ts', "test.concurrent.only('x', () => {})"],
    ],
    [['shared/kernel/a.test.ts', "test.skipIf(!exists)('x', () => {})\ntest.each([1])('only', f)"]],
  )
})

describe('places', () => {
  checks(
    outsideProblems,
    [
      ['shared/kernel/a.test.ts', "const path = '/work/shared/data'"],
      ['run-services/console/a.ts', '// see /home/somebody/notes'],
      ['shared/a.ts', "readFileSync('../../elsewhere/a.csv')"],
    ],
    [
      ['shared/market/a.test.ts', "const path = '../shared/data/trades'"],
      ['run-services/console/a.ts', "new URL('../../shared/cloud/port.ts', import.meta.url)"],
      ['run-services/console/a.ts', "const url = 'https://example.com/home/page'"],
    ],
  )
})

describe('topics', () => {
  checks(
    (source) => topicProblems(source, ['fills']),
    [
      ['run-services/executor/a.ts', "bus.publish('fils', row)"],
      ['run-services/executor/a.ts', "ports.bus.subscribe('orders', f)"],
    ],
    [
      ['run-services/executor/a.ts', "bus.publish('fills', row)"],
      ['shared/cloud/local/a.test.ts', "bus.publish('anything', row)"],
    ],
  )
})

describe('the project', () => {
  test.each(['^1.2.3', '~1.2.3', '1.2', '*', 'latest', '>=1', 'git+https://a/b'])(
    'a version %s is no version',
    (version) => {
      expect(versionProblems(JSON.stringify({ dependencies: { zod: version } }))).toHaveLength(1)
    },
  )

  test('versions with a suffix are versions', () => {
    const text = JSON.stringify({ devDependencies: { a: '1.5.6-r.1', b: '0.0.0' } })
    expect(versionProblems(text)).toEqual([])
  })

  test('an import without a declaration is found', () => {
    const text = JSON.stringify({ dependencies: { zod: '4.6.7' } })
    expect(declarationProblems(text, new Set(['zod', 'viem']))).toEqual(['viem is not declared'])
  })

  test('a command nobody can run is found', () => {
    const text = JSON.stringify({ scripts: { sql: 'x' } })
    const document = 'Type `npm start`, `npm test` or `npm run sql -- "…"`, then `npm run fly`.'
    expect(commandProblems('README.md', document, text)).toEqual([
      "README.md: there is no script 'fly'",
      "README.md: there is no script 'test'",
      "README.md: there is no script 'start'",
    ])
  })

  test('a link into nothing is found', () => {
    const document = 'See [a](shared/a.ts), [b](shared/b.ts#part), [c](https://c.example), [d](#d).'
    expect(linkProblems('README.md', document, (path) => path === 'shared/a.ts')).toEqual([
      'README.md: shared/b.ts does not exist',
    ])
  })

  test('two lists that differ are told apart', () => {
    const words = { expected: 'the manifest', found: 'functions/' }
    expect(differences(['a', 'b'], ['b', 'c'], words)).toEqual([
      'a is in the manifest but not in functions/',
      'c is in functions/ but not in the manifest',
    ])
  })
})
