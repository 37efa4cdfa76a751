import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { onnxFile } from '#services/inference/onnx-file.fixture.ts'
import { createEmulatedBucket, startStorageEmulator } from '#shared/cloud/emulator/storage.ts'
import { openStorageBlobs } from '#shared/cloud/gcp/blobs.ts'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { promote, sampleCard, uploadModel } from '#shared/cloud/model-registry.fixture.ts'
import {
  featureFingerprint,
  vectorFeatures,
  vectorWidth,
} from '#shared/signal/feature/vector-list.ts'
import { startProcess } from '../service/process.fixture.ts'

const project = 'asterai-test'
const card = sampleCard({
  featureFingerprint,
  featureNames: vectorFeatures.map(({ name }) => name),
})
const features = Array.from({ length: vectorWidth }, (_, index) => index / 10)

test('the model server serves what is promoted in Cloud Storage and ends within ten seconds', async () => {
  const emulator = await startStorageEmulator()
  onTestFinished(() => emulator.close())
  const bucket = async (name: 'state' | 'models') => {
    const full = bucketName(project, name)
    await createEmulatedBucket(emulator.host, project, full)
    return openStorageBlobs({ project, bucket: full, endpoint: `http://${emulator.host}` })
  }
  const [state, models] = [await bucket('state'), await bucket('models')]
  const server = startProcess(process.execPath, [join('run-services', 'inference', 'main.ts')], {
    env: {
      PORT: '0',
      PROMOTION_POLL_SECONDS: '1',
      ASTERAI_SERVICE: 'inference',
      GOOGLE_CLOUD_PROJECT: project,
      ASTERAI_REGION: 'europe-west4',
      STORAGE_EMULATOR_HOST: emulator.host,
      METADATA_SERVER_DETECTION: 'none',
    },
  })
  onTestFinished(() => {
    server.child.kill('SIGKILL')
  })
  const port = /:(\d+) /.exec(await server.said(/listening at/))?.[1]
  const at = (path: string) => `http://127.0.0.1:${port}${path}`
  expect((await fetch(at('/healthz'))).status).toBe(200)

  await uploadModel(
    models,
    card,
    onnxFile({ weights: features.map(() => [0, 0, 0]), bias: [0.2, 0.5, 0.3].map(Math.log) }),
  )
  await promote(state, 1, card.modelId)
  await server.said(/serves \(promotion 1\)/)
  expect((await fetch(at('/readyz'))).status).toBe(200)
  const reply = await fetch(at('/v1/predict'), {
    method: 'POST',
    body: JSON.stringify({ featureFingerprint, features }),
  })
  expect(reply.status).toBe(200)
  const { probabilities } = (await reply.json()) as { probabilities: Record<string, number> }
  expect(probabilities.flat).toBeCloseTo(0.5, 6)

  const { code, ms } = await server.signal('SIGTERM')
  expect(code).toBe(0)
  expect(ms).toBeLessThan(10_000)
})
