import { describe, expect, test } from 'vitest'
import { readGcpEnvironment, splitEndpoint } from './environment.ts'

const least = {
  ASTERAI_SERVICE: 'executor',
  GOOGLE_CLOUD_PROJECT: 'asterai-dev',
  ASTERAI_REGION: 'asia-southeast1',
}

describe('where we are in the cloud', () => {
  test('three variables are enough', () => {
    expect(readGcpEnvironment(least)).toEqual({
      service: 'executor',
      projectId: 'asterai-dev',
      region: 'asia-southeast1',
      dataset: 'asterai',
      bucketPrefix: 'asterai-dev',
      secretVersions: {},
      training: {},
      endpoints: {},
    })
  })

  test('emulators, versions and training are read', () => {
    expect(
      readGcpEnvironment({
        ...least,
        ASTERAI_SECRET_VERSIONS: 'aster-agent-key=3, alert-webhook=12',
        ASTERAI_SERVING_IMAGE: 'registry.example/inference',
        PUBSUB_EMULATOR_HOST: '127.0.0.1:8085',
        BIGQUERY_STORAGE_EMULATOR_HOST: '127.0.0.1:9060',
        STORAGE_EMULATOR_HOST: '',
      }),
    ).toMatchObject({
      secretVersions: { 'aster-agent-key': 3, 'alert-webhook': 12 },
      training: { servingImage: 'registry.example/inference' },
      endpoints: { pubsub: '127.0.0.1:8085', bigqueryStorage: '127.0.0.1:9060' },
    })
  })

  test.each([
    ['GOOGLE_CLOUD_PROJECT', ''],
    ['GOOGLE_CLOUD_PROJECT', 'Capital'],
    ['ASTERAI_REGION', 'tokyo'],
    ['ASTERAI_SERVICE', ''],
    ['ASTERAI_DATASET', 'with-dash'],
    ['ASTERAI_BUCKET_PREFIX', 'UPPER'],
    ['ASTERAI_SECRET_VERSIONS', 'aster-agent-key=latest'],
    ['ASTERAI_SECRET_VERSIONS', 'aster-agent-key'],
    ['ASTERAI_SECRET_VERSIONS', 'aster-agent-key=0'],
    ['ASTERAI_SECRET_VERSIONS', 'other=1'],
  ])('%s = %j is refused by name', (name, value) => {
    expect(() => readGcpEnvironment({ ...least, [name]: value })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
    )
  })

  test('a mistyped secret is answered with the right name', () => {
    expect(() =>
      readGcpEnvironment({ ...least, ASTERAI_SECRET_VERSIONS: 'aster-agent-kye=1' }),
    ).toThrow('did you mean aster-agent-key?')
  })
})

test.each(['127.0.0.1:8085', 'http://127.0.0.1:8085', 'http://127.0.0.1:8085/'])(
  '%s is an address',
  (endpoint) => {
    expect(splitEndpoint(endpoint)).toEqual({ host: '127.0.0.1', port: 8085 })
  },
)

test.each(['', 'localhost', '8085', 'host:port', 'a:1/path'])('%j is none', (endpoint) => {
  expect(() => splitEndpoint(endpoint)).toThrow('write host:port')
})
