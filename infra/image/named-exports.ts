import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

/** Client libraries that are CommonJS and loaded when first used. */
const lazyPackages = /^(@google-cloud\/[\w-]+|@grpc\/[\w-]+|google-auth-library|google-gax)$/
const identifier = /^[A-Za-z_$][\w$]*$/

/**
 * Gives a CommonJS package that is loaded by `import()` its named exports. In one file with its importer it would have
 * them; as a chunk of its own it has only `default`, because its names are known when it runs and not before.
 */
export const namedExports = (root: string): Plugin => ({
  name: 'named exports of lazy packages',
  setup({ onResolve, onLoad }) {
    const require = createRequire(join(root, 'package.json'))
    onResolve({ filter: lazyPackages }, ({ path, kind, resolveDir }) =>
      kind === 'dynamic-import'
        ? { path, namespace: 'lazy-package', pluginData: resolveDir }
        : undefined,
    )
    onLoad({ filter: /./, namespace: 'lazy-package' }, ({ path, pluginData }) => {
      const names = Object.keys(require(path)).filter(
        (name) => identifier.test(name) && name !== 'default',
      )
      return {
        contents: [
          `import * as all from ${JSON.stringify(path)}`,
          'export default all',
          ...names.map((name) => `const own_${name} = all.${name}`),
          `export { ${names.map((name) => `own_${name} as ${name}`).join(', ')} }`,
        ].join('\n'),
        resolveDir: pluginData,
        loader: 'js',
      }
    })
  },
})
