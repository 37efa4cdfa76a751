// Makes package-lock.json complete and free of registry addresses: `npm run lock`.
// A registry mirror may lack the binary packages of other platforms; npm then leaves them out of the lockfile
// and `npm ci` refuses it everywhere. They are optional and chosen by os and cpu, so naming them is enough.
import { readFileSync, writeFileSync } from 'node:fs'

const osNames = [
  'android',
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
  'openharmony',
]
const cpuNames = [
  'x64',
  'arm64',
  'arm',
  'ia32',
  'riscv64',
  'ppc64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
  'ppc64le',
]

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
for (const [path, entry] of Object.entries(lock.packages)) {
  delete entry.resolved
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key] || lock.packages[`${path}/${key}`] || !/^\d/.test(version)) continue
    const words = name.split(/[-/]/)
    const os = words.filter((word) => osNames.includes(word))
    const cpu = words.filter((word) => cpuNames.includes(word))
    if (!os.length && !cpu.length) throw new Error(`cannot tell the platform of ${name}`)
    // One that names only a cpu (wasm32) fits no machine that has a native package.
    lock.packages[key] = {
      version,
      ...(cpu.length ? { cpu } : {}),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length ? { os } : {}),
    }
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
)
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
