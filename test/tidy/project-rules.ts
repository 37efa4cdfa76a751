/** `dependencies`, `devDependencies` and `overrides` name one version each. */
export function versionProblems(packageText: string): readonly string[] {
  const { dependencies = {}, devDependencies = {}, overrides = {} } = JSON.parse(packageText)
  return Object.entries({ ...dependencies, ...devDependencies, ...overrides })
    .filter(([, version]) => typeof version === 'string')
    .filter(([, version]) => !/^\$?\d+\.\d+\.\d+(-[\w.-]+)?$/.test(String(version)))
    .map(([name, version]) => `${name} is '${version}', not one version`)
}

/** Packages that are imported are declared, and declared ones are imported or known to be tools. */
export function declarationProblems(
  packageText: string,
  imported: ReadonlySet<string>,
): readonly string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(packageText)
  const declared = new Set(Object.keys({ ...dependencies, ...devDependencies }))
  return [...imported]
    .filter((name) => !declared.has(name))
    .map((name) => `${name} is not declared`)
}

/** Commands that a document tells people to type exist. */
export function commandProblems(
  name: string,
  text: string,
  packageText: string,
): readonly string[] {
  const { scripts = {} } = JSON.parse(packageText)
  const asked = [
    ...[...text.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(
      ([, script]) => script ?? '',
    ),
    ...(/\bnpm (?:test|t)\b/.test(text) ? ['test'] : []),
    ...(/\bnpm start\b/.test(text) ? ['start'] : []),
  ]
  return [...new Set(asked)]
    .filter((script) => !Object.hasOwn(scripts, script))
    .map((script) => `${name}: there is no script '${script}'`)
}

/** Links of a document into the tree lead somewhere. */
export function linkProblems(
  name: string,
  text: string,
  exists: (path: string) => boolean,
): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => (link ?? '').replace(/#.*$/, ''))
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link))
    .filter((link) => !exists(link))
    .map((link) => `${name}: ${link} does not exist`)
}

/** @returns what one list has and the other lacks, in words */
export function differences(
  expected: readonly string[],
  found: readonly string[],
  words: { readonly expected: string; readonly found: string },
): readonly string[] {
  return [
    ...expected
      .filter((name) => !found.includes(name))
      .map((name) => `${name} is in ${words.expected} but not in ${words.found}`),
    ...found
      .filter((name) => !expected.includes(name))
      .map((name) => `${name} is in ${words.found} but not in ${words.expected}`),
  ]
}
