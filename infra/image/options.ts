import type { Command } from '#shared/cloud/command-line/command.ts'
import { folder, json } from '#shared/cloud/command-line/option.ts'
import { bundlePlans } from './plan.ts'

/** What can be bundled. */
export const bundleNames = [...Object.keys(bundlePlans), 'functions']

export const buildCommand = {
  call: 'npm run build:services',
  what: 'Bundles services for their images, and the functions into one zip named by its hash.',
  words: { value: 'NAME...', what: `${bundleNames.join(', ')}; default: all`, least: 0 },
  options: {
    out: folder({ what: 'gets one folder per service', default: 'dist' }),
    json,
  },
  examples: ['npm run build:services', 'npm run build:services -- executor functions --json'],
} satisfies Command
