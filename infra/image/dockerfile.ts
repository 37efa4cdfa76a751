/** One stage of an image, as far as a review of it needs. */
export type DockerStage = {
  readonly name: string
  readonly base: string
  readonly instructions: readonly DockerInstruction[]
}

export type DockerInstruction = {
  readonly keyword: string
  readonly text: string
  readonly line: number
}

/** Arguments before the first stage, and the stages in order. */
export type Dockerfile = {
  readonly defaults: Readonly<Record<string, string>>
  readonly stages: readonly DockerStage[]
}

/** Reads a Dockerfile; arguments in base names are filled with their defaults. */
export function readDockerfile(text: string): Dockerfile {
  const defaults: Record<string, string> = {}
  const stages: { name: string; base: string; instructions: DockerInstruction[] }[] = []
  const lines = text.replace(/\\\n/g, '  ').split('\n')
  for (const [index, line] of lines.entries()) {
    const match = /^\s*([A-Z]+)\s+(.*\S)\s*$/.exec(line)
    if (!match) continue
    const [, keyword = '', rest = ''] = match
    const stage = stages.at(-1)
    if (keyword === 'FROM') {
      const [base = '', name = String(stages.length)] = rest.split(/\s+AS\s+/i)
      const filled = base.replace(/\$\{(\w+)\}/g, (_, argument) => defaults[argument] ?? '')
      stages.push({ name, base: filled, instructions: [] })
    } else if (stage) stage.instructions.push({ keyword, text: rest, line: index + 1 })
    else if (keyword === 'ARG') {
      const [name = '', value = ''] = rest.split('=')
      defaults[name] = value
    }
  }
  return { defaults, stages }
}
