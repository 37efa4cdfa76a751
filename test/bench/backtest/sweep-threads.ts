import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { GlftVariant } from '#shared/simulation/replay/glft-variants.ts'
import type { ReplayConfig } from '#shared/simulation/replay/replay.ts'
import { type PackedTape, shareTape } from '#shared/simulation/replay/tape.ts'

/** What a thread is started with. */
export type SweepShare = {
  readonly config: Omit<ReplayConfig, 'variants'>
  readonly tape: PackedTape
  readonly variants: readonly GlftVariant[]
}

/** Splits the variants over threads that share one tape and stay warm between runs. */
export function startSweepThreads(
  config: SweepShare['config'],
  tape: PackedTape,
  variants: readonly GlftVariant[],
): { readonly count: number; run(): Promise<number>; close(): Promise<void> } {
  const count = Math.min(availableParallelism(), 8)
  const shared = shareTape(tape)
  const perThread = Math.ceil(variants.length / count)
  const workers = Array.from({ length: count }, (_, index) => {
    const share = variants.slice(index * perThread, (index + 1) * perThread)
    const workerData: SweepShare = { config, tape: shared, variants: share }
    return new Worker(new URL('./sweep-thread.ts', import.meta.url), { workerData })
  })
  return {
    count,
    /** One sweep; its seconds. */
    async run() {
      const from = performance.now()
      const answers = workers.map((worker) => once(worker, 'message'))
      for (const worker of workers) worker.postMessage('run')
      await Promise.all(answers)
      return (performance.now() - from) / 1_000
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
