import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { functions } from '#shared/cloud/manifest/function.ts'
import { services } from '#shared/cloud/manifest/service.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import { topics } from '#shared/cloud/manifest/topic.ts'
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
  layers,
  packageOf,
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
import { readSources, type Source } from './source.ts'

// The rules' own tests quote violations.
const sources = readSources().filter(({ path }) => !path.startsWith('test/tidy/'))

const rules: Readonly<Record<string, (source: Source) => readonly string[]>> = {
  'shared folders import only earlier folders': layerProblems,
  'top folders and services keep apart': folderProblems,
  'packages are imported only where they belong': packageProblems,
  'imports name files': specifierProblems,
  'kernel to analytics are pure': purityProblems,
  'venue lives on Runtime alone': runtimeProblems,
  'there are no barrels and no default exports': exportProblems,
  'files end at 400 lines, tests at 600': lengthProblems,
  'names are words of the field': nameProblems,
  'prices are never rounded to the nearest': roundingProblems,
  'every test runs': testProblems,
  'nothing outside the repository is mentioned': outsideProblems,
  'topics come from the manifest': (source) => topicProblems(source, Object.keys(topics)),
}

describe('the tree', () => {
  test('was found', () => {
    expect(sources.length).toBeGreaterThan(30)
  })

  test.each(Object.entries(rules))('%s', (_, problemsOf) => {
    expect(sources.flatMap(problemsOf)).toEqual([])
  })

  test('every folder of shared has its place in the reading order', () => {
    expect(
      differences([...layers], foldersOf('shared'), { expected: 'the order', found: 'shared/' }),
    ).toEqual([])
  })
})

describe('the manifest', () => {
  test('and functions/ name the same functions', () => {
    const words = { expected: 'the manifest', found: 'functions/' }
    expect(differences(Object.keys(functions), foldersOf('functions'), words)).toEqual([])
    for (const name of Object.keys(functions))
      for (const file of ['handler.ts', 'handler.test.ts'])
        expect(existsSync(`functions/${name}/${file}`), `functions/${name}/${file}`).toBe(true)
  })

  test('and run-services/ name the same services', () => {
    const folders = foldersOf('run-services').filter((name) => name !== 'local')
    const words = { expected: 'the manifest', found: 'run-services/' }
    expect(differences(Object.keys(services), folders, words)).toEqual([])
  })

  test('has tables whose keys are columns', () => {
    for (const [name, { columns, key }] of Object.entries(tables))
      expect([name, Object.keys(columns)]).toEqual([name, expect.arrayContaining([...key])])
  })
})

describe('the project', () => {
  const packageText = readFileSync('package.json', 'utf8')

  test('names one version of each package', () => {
    expect(versionProblems(packageText)).toEqual([])
  })

  test('declares every package it imports', () => {
    const imported = sources.flatMap(({ imports }) => imports.map(packageOf))
    const names = new Set(imported.filter((name) => name !== undefined))
    expect(declarationProblems(packageText, names)).toEqual([])
  })

  const documents = ['README.md', 'CONTRIBUTING.md', 'DECISIONS.md', 'CHANGELOG.md'] as const
  test.each(documents.filter((path) => existsSync(path)))(
    '%s names commands and files that exist',
    (path) => {
      const text = readFileSync(path, 'utf8')
      expect(commandProblems(path, text, packageText)).toEqual([])
      expect(linkProblems(path, text, existsSync)).toEqual([])
    },
  )

  test.skipIf(!existsSync('README.md'))('has a README of one sitting', () => {
    expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(151)
  })
})

function foldersOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}
