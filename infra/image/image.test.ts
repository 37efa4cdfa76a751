import { existsSync, globSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { services } from '#shared/cloud/manifest/service.ts'
import { repositoryRoot } from './bundle.ts'
import { readDockerfile } from './dockerfile.ts'
import { lockSubset, type PackageLock } from './lock.ts'
import { bundlePlans, functionsPlan } from './plan.ts'
import { zipFolder } from './zip.ts'

const textOf = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')
const deployed = Object.entries(services)
  .filter(([, { kind }]) => kind !== 'local')
  .map(([name]) => name)

test('every deployed service of the manifest has a bundle and an image, and the other way round', () => {
  expect(Object.keys(bundlePlans).sort()).toEqual([...deployed].sort())
  for (const name of deployed) expect(existsSync(`run-services/${name}/Dockerfile`)).toBe(true)
})

describe.each(deployed)('the image of %s', (name) => {
  const { stages, defaults } = readDockerfile(textOf(`run-services/${name}/Dockerfile`))
  const run = stages.at(-1)!
  const of = (keyword: string) => run.instructions.filter((each) => each.keyword === keyword)

  test('has stages of its own for building and running', () => {
    expect(stages[0]?.name).toBe('build')
    expect(run.name).toBe('run')
    expect(stages.length).toBeGreaterThan(1)
    expect(run.instructions.some(({ keyword }) => keyword === 'RUN')).toBe(false)
  })

  test('brings code compiled by the user that runs it, in a folder nobody may write', () => {
    const warm = stages.at(-2)!
    const text = (keyword: string) => warm.instructions.filter((each) => each.keyword === keyword)
    expect(text('RUN').map((each) => each.text)).toEqual(['["node", "warm.mjs"]'])
    expect(warm.instructions.at(-1)?.keyword).toBe('RUN')
    expect(text('USER')).toMatchObject(of('USER').map((each) => ({ text: each.text })))
    expect(text('WORKDIR')).toMatchObject(of('WORKDIR').map((each) => ({ text: each.text })))
    const folder = /NODE_COMPILE_CACHE=(\S+)/
    const [from, to] = [text('ENV'), of('ENV')].map((each) => folder.exec(each[0]!.text)?.[1])
    expect(of('COPY').map((each) => each.text)).toContain(`--from=warm ${from} .${to?.slice(4)}`)
    expect(to).toMatch(/^\/app\//)
  })

  test('names every base image by an argument that a digest can fill, and never `latest`', () => {
    for (const { base } of stages) expect(Object.values(defaults)).toContain(base)
    for (const image of Object.values(defaults)) expect(image).toMatch(/:\d+\.\d+[\w.-]*$/)
  })

  test('ends as nobody, without a health check, starting what the tests start', () => {
    expect(of('USER').map(({ text }) => text)).toEqual(['65532:65532'])
    expect(of('HEALTHCHECK')).toEqual([])
    expect(of('CMD').map(({ text }) => JSON.parse(text))).toEqual([['node', 'main.mjs']])
    expect(run.instructions.at(-1)?.keyword).toBe('CMD')
    expect(run.instructions.at(-2)?.keyword).toBe('USER')
  })

  test('copies what exists, and from stages that exist', () => {
    for (const [index, { instructions }] of stages.entries())
      for (const { keyword, text } of instructions) {
        if (keyword !== 'COPY') continue
        const from = /^--from=(\S+)\s/.exec(text)?.[1]
        const sources = text
          .replace(/^--\S+\s+/, '')
          .split(/\s+/)
          .slice(0, -1)
        if (from !== undefined) expect(stages.slice(0, index).map((s) => s.name)).toContain(from)
        else for (const source of sources) expect(existsSync(source), source).toBe(true)
      }
  })

  test('builds its own bundle, and installs packages beside it only when it has some', () => {
    const commands = stages[0]!.instructions.filter(({ keyword }) => keyword === 'RUN')
    expect(commands.at(-1)?.text).toBe(`npm run build:services -- ${name}`)
    const installs = bundlePlans[name as keyof typeof bundlePlans].installs
    expect(stages.some((stage) => stage.name === 'packages')).toBe(installs.length > 0)
  })

  test('starts from files that exist', () => {
    for (const entry of Object.values(bundlePlans[name as keyof typeof bundlePlans].entries))
      expect(existsSync(entry), entry).toBe(true)
  })
})

test('the build context sends no secret, no test and nothing built here', () => {
  const rules = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(rules[0]).toBe('**')
  for (const rule of ['**/.env*', '**/node_modules', '**/dist', '**/*.test.ts'])
    expect(rules.indexOf(rule)).toBeGreaterThan(rules.findLastIndex((each) => each.startsWith('!')))
})

/** As docker reads it: the last rule that fits decides. */
function isSent(path: string): boolean {
  const rules = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const last = rules.findLast((rule) => {
    const pattern = rule
      .replace(/^!/, '')
      .replace(/[.+]/g, '\\$&')
      .replace(/\*\*\/?|\*/g, (stars) => (stars === '*' ? '[^/]*' : '.*'))
    return new RegExp(`^${pattern}(/.*)?$`).test(path)
  })
  return last === undefined || last.startsWith('!')
}

test.each(globSync('{run-services/*,pipelines/*}/Dockerfile', { cwd: repositoryRoot }))(
  'what %s copies is sent to where it is built',
  (path) => {
    const copies = readDockerfile(textOf(path))
      .stages.flatMap(({ instructions }) => instructions)
      .filter(({ keyword, text }) => keyword === 'COPY' && !text.startsWith('--from='))
    expect(copies.length).toBeGreaterThan(1)
    for (const { text } of copies)
      for (const source of text.split(/\s+/).slice(0, -1)) {
        const files = statSync(join(repositoryRoot, source)).isDirectory()
          ? globSync(`${source}/**/*.{ts,mjs,py}`, { cwd: repositoryRoot })
          : [source]
        expect(files.some(isSent), source).toBe(true)
      }
  },
)

describe('the lock of an image', () => {
  const lock: PackageLock = {
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0', dependencies: { b: '^1', c: '^2' } },
      'node_modules/a/node_modules/c': { version: '2.0.0', dependencies: { b: '*' } },
      'node_modules/b': { version: '1.5.0', optionalDependencies: { z: '*', d: '*' } },
      'node_modules/c': { version: '1.0.0' },
      'node_modules/d': { version: '4.0.0', dev: true },
    },
  }
  const of = (dependencies: Record<string, string>) =>
    lockSubset(lock, { name: 'image', version: '1.0.0', dependencies })

  test('holds what is needed, where Node would find it, and nothing else', () => {
    expect(Object.keys(of({ a: '1.0.0' }).packages)).toEqual([
      '',
      'node_modules/a',
      'node_modules/a/node_modules/c',
      'node_modules/b',
      'node_modules/d',
    ])
    expect(of({ a: '1.0.0' }).packages['node_modules/d']).toEqual({ version: '4.0.0' })
    expect(Object.keys(of({}).packages)).toEqual([''])
  })

  test('is refused when a needed package is not locked', () => {
    expect(() => of({ absent: '1.0.0' })).toThrow(/does not hold absent, which image needs/)
  })

  test('of the real images is found in the lock of the project', () => {
    const project = JSON.parse(textOf('package.json'))
    const real: PackageLock = JSON.parse(textOf('package-lock.json'))
    for (const { installs } of [...Object.values(bundlePlans), functionsPlan]) {
      const dependencies = Object.fromEntries(
        installs.map((name) => [name, project.dependencies[name]]),
      )
      const subset = lockSubset(real, { name: 'image', version: '1.0.0', dependencies })
      for (const name of installs)
        expect(subset.packages[`node_modules/${name}`]?.version).toBe(dependencies[name])
    }
  })
})

test('a folder gives the same zip at any time, in any order of writing and in any time zone', async () => {
  const { mkdirSync, writeFileSync } = await import('node:fs')
  const write = (names: readonly string[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'asterai-zip-'))
    mkdirSync(join(folder, 'chunks'))
    for (const name of names) writeFileSync(join(folder, name), `text of ${name}`)
    return folder
  }
  const names = ['index.mjs', 'package.json', 'chunks/b.mjs', 'chunks/a.mjs']
  const zone = process.env.TZ
  const first = zipFolder(write(names))
  process.env.TZ = 'Asia/Tokyo'
  const second = zipFolder(write([...names].reverse()))
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
  expect(second.sha256).toBe(first.sha256)
  expect(first.sha256).toBe('e8ace67bc1075fe1394ad50bd50802f7a21d90e6de352532287fe3cf9ff54623')
})
