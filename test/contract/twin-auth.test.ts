import { hexToBytes } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { type Bench, createBench, seed } from '#services/twin/client.fixture.ts'
import { demoAccounts } from '#services/twin/demo.ts'
import { domainSeparator, recoverSigner, signRequest } from '#services/twin/signature.ts'

const docsSigner = '0x21cf8ae13bb72632562c6fff438652ba1a151bb0'
const docsKey = '4fd0a42218f3eae43a6ce26d22544e986139a01e5b34a62db53757ffca81bae1'
const signerText = 'signer=0x21cF8Ae13Bb72632562c6Fff438652Ba1a151bb0'
const userText = 'user=0x63DD5aCC6b1aa0f563956C0e534DD30B6dcF7C4e'
const nonceText = 'nonce=1748310859508867'
const orderText =
  'symbol=ASTERUSDT&type=LIMIT&side=BUY&timeInForce=GTC&quantity=20&price=0.5&nonce=1748310859508867'
const batchText =
  'symbol=BTCUSDT&origClientOrderIdList=%5B%22123aaaa%22%2C%22111ccc%22%2C%22321313%22%5D'

const vectors: readonly (readonly [string, number, string, string])[] = [
  [
    'an order',
    1666,
    `${orderText}&${signerText}`,
    '0xd82a6784f5eff00b95ecb88145cf7a5fa6803ea6f67e0217262073da628750a742bb3ba555af418320e55029afe358957808d4f810d73ea663d9c91852cd6d941c',
  ],
  [
    'an order on the test network',
    714,
    `${orderText}&${signerText}`,
    '0x798abbc1eb6244bdf530e3890383494679aecf574a0d65cd79ed48b151df2e182cafc9a2b055701c9c0dbc091898f6c3eae29307ca554f3ab97c8b860de35bef1c',
  ],
  [
    'an order that names its user',
    1666,
    `${orderText}&${userText}&${signerText}`,
    '0x0a56c5923ebf3524475c5f631940ec4c0e41dbd300ad28198d1915d8f3ca49ce26fd1aeb8b0c3079133595da0de38322ae7e860e0c76d032c4a491d27c1430b01c',
  ],
  [
    'a noop',
    1666,
    `${nonceText}&${userText}&${signerText}`,
    '0x79f8910c6a2d14796480f5bc09492b9cf00e247bc53b2cc9b47e3b59dfe698b92e9e9a6853c210ae67ffa351b09d84a14a0585122f2fba2c90b2998e3e96e3b81b',
  ],
  [
    'a batch cancel',
    1666,
    `${batchText}&${nonceText}&${signerText}`,
    '0x3dc1722cdb4318214bc205ee94ed60f416829b4f50408ab4e5d0f19824da06a45d6fba76f5f5e78508160ebe04d44b476a24d9f1ec07f79268c2f134707aa4de1c',
  ],
]

test.each(vectors)(
  'recovers the signer of %s, and signs it the same',
  (_what, chain, text, signed) => {
    const separator = domainSeparator(chain)
    expect(recoverSigner(separator, text, signed)).toBe(docsSigner)
    expect(recoverSigner(separator, `${text}0`, signed)).not.toBe(docsSigner)
    expect(signRequest(hexToBytes(docsKey), chain, text)).toBe(signed)
  },
)

test.each(['', '0x', '0x12', `0x${'0'.repeat(130)}`, 'zz'])('%j is nobody’s signature', (text) => {
  expect(recoverSigner(domainSeparator(1666), 'a=b', text)).toBeUndefined()
})

const { signer, user } = demoAccounts(seed).perp
const balanceText = (bench: Bench, nonceUs: number) =>
  bench.perp.sign(`nonce=${nonceUs}&signer=${signer}`)
const refusal = (code: number) => ({ body: { code } })

test('a signed request is answered, from the query or from the body', () => {
  const bench = createBench()
  expect(bench.perp.send('GET', '/balance')).toMatchObject({
    status: 200,
    body: [{ asset: 'USDT', balance: '10000.00000000' }],
  })
  expect(bench.perp.send('POST', '/noop')).toMatchObject({ body: { code: 200, msg: 'success' } })
  const text = bench.perp.sign(`nonce=${bench.perp.nextNonceUs()}&user=${user}&signer=${signer}`)
  expect(bench.perp.raw('POST', '/noop', text).status).toBe(200)
})

test('a wrong chain, a changed byte and a foreign signer are refused', () => {
  const bench = createBench()
  const text = `nonce=${bench.perp.nextNonceUs()}&signer=${signer}`
  const wrongChain = bench.perp.sign(text, 714)
  expect(bench.perp.raw('GET', '/balance', wrongChain)).toMatchObject(refusal(-1022))
  const signed = bench.perp.sign(text)
  expect(bench.perp.raw('GET', '/balance', `a=b&${signed}`)).toMatchObject(refusal(-1022))
  expect(bench.perp.raw('GET', '/balance', `${signed}&a=b`)).toMatchObject(refusal(-1022))

  const stranger = hexToBytes(docsKey)
  const theirs = `nonce=${bench.perp.nextNonceUs()}&signer=${docsSigner}`
  const strange = `${theirs}&signature=${signRequest(stranger, 1666, theirs)}`
  expect(bench.perp.raw('GET', '/balance', strange)).toMatchObject(refusal(-2015))
})

test('a parameter twice, or none at all, is refused', () => {
  const bench = createBench()
  const text = balanceText(bench, bench.perp.nextNonceUs())
  expect(bench.perp.raw('GET', '/balance', `signer=${signer}&${text}`)).toMatchObject(
    refusal(-1101),
  )
  expect(bench.perp.raw('GET', '/balance', '')).toMatchObject(refusal(-1102))
})

test('a nonce counts once, and only within a minute of the venue’s clock', () => {
  const bench = createBench()
  const nowUs = bench.nowUs()
  const text = balanceText(bench, nowUs)
  expect(bench.perp.raw('GET', '/balance', text).status).toBe(200)
  expect(bench.perp.raw('GET', '/balance', text)).toMatchObject(refusal(-4225))
  for (const offUs of [-60_000_001, 60_000_001])
    expect(bench.perp.raw('GET', '/balance', balanceText(bench, nowUs + offUs))).toMatchObject(
      refusal(-4225),
    )
  expect(bench.perp.raw('GET', '/balance', balanceText(bench, nowUs - 60_000_000)).status).toBe(200)
})

test('beyond the hundred latest nonces, an older one has expired', () => {
  const bench = createBench()
  const nowUs = bench.nowUs()
  for (let count = 1; count <= 100; count++)
    expect(bench.perp.raw('GET', '/balance', balanceText(bench, nowUs + count)).status).toBe(200)
  expect(bench.perp.raw('GET', '/balance', balanceText(bench, nowUs))).toMatchObject(refusal(-4225))
})

test('weight is counted per minute; who goes on after 429 is banned', () => {
  const bench = createBench({
    symbols: ['BTCUSDT'],
    limits: { weightPerMinute: 50, ordersPerMinute: 2 },
  })
  expect(bench.open('/depth?symbol=BTCUSDT&limit=1000').headers).toMatchObject({
    'x-mbx-used-weight-1m': '20',
  })
  bench.open('/depth?symbol=BTCUSDT&limit=1000')
  bench.open('/depth?symbol=BTCUSDT&limit=100')
  const over = bench.open('/depth?symbol=BTCUSDT&limit=500')
  expect(over).toMatchObject({ status: 429, body: { code: -1003 } })
  expect(Number(over.headers['retry-after'])).toBeGreaterThan(0)
  bench.pass(60_000_000)
  expect(bench.open('/ping').status).toBe(200)

  for (let count = 0; count < 60; count++) bench.open('/ping')
  expect(bench.open('/ping').status).toBe(418)
  bench.pass(60_000_000)
  expect(bench.open('/ping').status).toBe(418)
  bench.pass(120_000_000)
  expect(bench.open('/ping').status).toBe(200)
})

test('orders are counted per account', () => {
  const bench = createBench({ limits: { weightPerMinute: 2_400, ordersPerMinute: 2 } })
  bench.pass(1)
  const order = {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    quantity: '0.001',
    price: '63000',
  }
  expect(bench.perp.send('POST', '/order', order).headers).toMatchObject({
    'x-mbx-order-count-1m': '1',
  })
  bench.perp.send('POST', '/order', order)
  expect(bench.perp.send('POST', '/order', order)).toMatchObject({
    status: 429,
    body: { code: -1015 },
  })
  expect(bench.hedge.send('POST', '/order', order).status).toBe(200)
})
