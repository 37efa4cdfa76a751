import type { Command } from '#shared/cloud/command-line/command.ts'
import { flag, json, number, repeated, text } from '#shared/cloud/command-line/option.ts'
import { assumptions } from './bill.ts'

export const costCommand = {
  call: 'npm run cost',
  what: 'asterai cost - what a month in the cloud costs, by the sizes and schedules of the manifest',
  options: {
    stack: text({
      value: 'NAME',
      what: "takes the GPU's schedule and the budget from Pulumi.NAME.yaml",
      default: 'prod',
    }),
    'gpu-hours': number({
      what: "hours a day of the profile 'GPU on schedule', instead of the stack's",
      range: [0, 24],
    }),
    budget: number({
      what: "dollars a month that the profiles are held against, instead of the stack's",
      range: [0, 1_000_000],
    }),
    assume: repeated({
      value: 'NAME=N',
      what: `changes an assumption, repeatable; names: ${Object.keys(assumptions).join(', ')}`,
    }),
    lines: flag('every line, not only the totals'),
    json,
  },
  examples: [
    'npm run cost',
    'npm run cost -- --lines --gpu-hours 8',
    'npm run cost -- --budget 100 --assume messageGiB=10',
  ],
} satisfies Command
