/** Runs one bench, saying what it finds in lines for people. */
export type Bench = (say: (line: string) => void) => Promise<BenchResult>

export type BenchResult = {
  readonly name: string
  /** Median of the ratios of each round: how many times faster ours is. Below 1 is slower. */
  readonly ratios: Readonly<Record<string, number>>
  readonly goals: Readonly<Record<string, number>>
  readonly rates: Readonly<Record<string, Spread>>
  readonly notes: readonly string[]
}

export type Spread = { readonly median: number; readonly best: number; readonly worst: number }

/** A contender does the same work each time and says how fast it was, in work per second. */
export type Contender = { readonly name: string; run(): Promise<number> }

/**
 * Runs contenders in turn, round after round, so that a noisy second hits all of them; ratios are paired within
 * a round.
 */
export async function alternate(
  contenders: readonly Contender[],
  options: { readonly rounds: number; readonly warmUps: number },
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = -options.warmUps; round < options.rounds; round++)
    for (const { name, run } of contenders) {
      const rate = await run()
      if (round >= 0) rates.get(name)?.push(rate)
    }
  return rates
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  best: Math.max(...values),
  worst: Math.min(...values),
})

/** Median of `ours / theirs` over the rounds. */
export const pairedRatio = (ours: readonly number[], theirs: readonly number[]): number =>
  median(ours.map((rate, round) => rate / (theirs[round] as number)))
