import { expect, test } from 'vitest'
import { type FunctionName, functions } from '#shared/cloud/manifest/function.ts'
import { limitPorts, tablesOf } from './access.ts'
import { functionPorts } from './scripted-market.fixture.ts'

const limited = (name: FunctionName) => limitPorts(name, functionPorts())
const refusal = async (call: () => unknown): Promise<unknown> => {
  try {
    await call()
    return 'granted'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test.each<[FunctionName, (ports: ReturnType<typeof limited>) => unknown]>([
  ['ingest-candles', (ports) => ports.warehouse.insert('fills', [])],
  ['ingest-candles', (ports) => ports.warehouse.query('SELECT count(*) FROM candles')],
  [
    'guard-liveness',
    (ports) => ports.warehouse.query('SELECT 1 FROM heartbeats AS h JOIN fills AS f ON true'),
  ],
  ['guard-liveness', (ports) => ports.market.premiumIndex()],
  ['guard-spend', (ports) => ports.scaling.setInstanceCount('executor', 0)],
  ['guard-spend', (ports) => ports.bus.publish('commands', {})],
  ['start-training', (ports) => ports.blobs('models').put('a', new Uint8Array())],
  ['start-training', (ports) => ports.blobs('state')],
  ['publish-report', (ports) => ports.secrets.get('aster-reader-key')],
])('%s is refused what the manifest does not grant', async (name, call) => {
  expect(await refusal(() => call(limited(name)))).toBe('PLATFORM_REFUSED')
})

test('what the manifest grants goes through', async () => {
  const spend = limited('guard-spend')
  expect(await refusal(() => spend.warehouse.query('SELECT amount FROM spend'))).toBe('granted')
  expect(await refusal(() => spend.scaling.setInstanceCount('inference', 0))).toBe('granted')
  expect(await refusal(() => spend.bus.publish('alerts', {}))).toBe('granted')
  expect(await refusal(() => limited('promote-model').blobs('state').list(''))).toBe('granted')
})

test('only those that train hold the ports of training, only one the account', () => {
  for (const name of Object.keys(functions) as FunctionName[]) {
    const ports = limitPorts(name, { ...functionPorts(), accounts: () => [] })
    expect([name, ports.accounts !== undefined]).toEqual([name, name === 'reconcile-account'])
  }
})

test('tables of a query are those it reads from, not columns of that name', () => {
  expect(
    tablesOf('SELECT equity, fills FROM (SELECT 1 FROM spend) JOIN "candles" ON true'),
  ).toEqual(['candles', 'spend'])
})
