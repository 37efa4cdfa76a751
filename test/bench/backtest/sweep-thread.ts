import { parentPort, workerData } from 'node:worker_threads'
import { replayGlft } from '#shared/simulation/replay/replay.ts'
import type { SweepShare } from './sweep-threads.ts'

const { config, tape, variants } = workerData as SweepShare

parentPort?.on('message', () => {
  const { rows } = replayGlft({ ...config, tape, variants })
  parentPort?.postMessage(rows)
})
