import { readChoice } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import { benchCommand, benches } from './options.ts'

await runProcess(
  carryOut(benchCommand, async ({ words }, { answer, say }) => {
    const name = readChoice(words[0] as string, 'bench', Object.keys(benches))
    const run = await benches[name]!.load()
    answer(await run(say))
    return 0
  }),
)
