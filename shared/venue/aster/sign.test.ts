import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import { createSigner, recoverSignerAddress, signingDigest } from './sign.ts'

// Published demonstration key of the venue's documentation; it holds nothing.
const privateKeyHex = '0x4fd0a42218f3eae43a6ce26d22544e986139a01e5b34a62db53757ffca81bae1'
const signerAddress = '0x21cF8Ae13Bb72632562c6Fff438652Ba1a151bb0'
const user = '0x63DD5aCC6b1aa0f563956C0e534DD30B6dcF7C4e'
const order =
  'symbol=ASTERUSDT&type=LIMIT&side=BUY&timeInForce=GTC&quantity=20&price=0.5&nonce=1748310859508867'
const tail = `signer=${signerAddress}`

const vectors = [
  {
    name: 'A order',
    chainId: 1666,
    message: `${order}&${tail}`,
    digest: 'ed6fe2804fb7a74d857c73d838ce3722b0f44d2c023c24bca0acb2bdf0d56267',
    signature:
      '0xd82a6784f5eff00b95ecb88145cf7a5fa6803ea6f67e0217262073da628750a742bb3ba555af418320e55029afe358957808d4f810d73ea663d9c91852cd6d941c',
  },
  {
    name: 'A’ the same order on testnet',
    chainId: 714,
    message: `${order}&${tail}`,
    digest: '9dcd200534ea4cd58f431d0445a26170e5d4c436e4f0e30317cbe98916285c58',
    signature:
      '0x798abbc1eb6244bdf530e3890383494679aecf574a0d65cd79ed48b151df2e182cafc9a2b055701c9c0dbc091898f6c3eae29307ca554f3ab97c8b860de35bef1c',
  },
  {
    name: 'B with the main wallet named',
    chainId: 1666,
    message: `${order}&user=${user}&${tail}`,
    digest: '214122039b686e20a15baab91d368d354cf8c88067cb8b0e96e9018d8b08a625',
    signature:
      '0x0a56c5923ebf3524475c5f631940ec4c0e41dbd300ad28198d1915d8f3ca49ce26fd1aeb8b0c3079133595da0de38322ae7e860e0c76d032c4a491d27c1430b01c',
  },
  {
    name: 'C noop',
    chainId: 1666,
    message: `nonce=1748310859508867&user=${user}&${tail}`,
    digest: 'f614a915ce064febf6fd86a96eac30fad2d7519e0a486b4552fa949cb635d2a8',
    signature:
      '0x79f8910c6a2d14796480f5bc09492b9cf00e247bc53b2cc9b47e3b59dfe698b92e9e9a6853c210ae67ffa351b09d84a14a0585122f2fba2c90b2998e3e96e3b81b',
  },
  {
    name: 'D batch cancel',
    chainId: 1666,
    message: `symbol=BTCUSDT&origClientOrderIdList=%5B%22123aaaa%22%2C%22111ccc%22%2C%22321313%22%5D&nonce=1748310859508867&${tail}`,
    digest: '54d3314fb2851ad3a9c7cc82a6923e83bfef71b4590c31c18b0d67587bbdbbeb',
    signature:
      '0x3dc1722cdb4318214bc205ee94ed60f416829b4f50408ab4e5d0f19824da06a45d6fba76f5f5e78508160ebe04d44b476a24d9f1ec07f79268c2f134707aa4de1c',
  },
]

test.each(vectors)('$name: digest, signature and signer are as computed elsewhere', (vector) => {
  const { chainId, message, digest, signature } = vector
  expect(Buffer.from(signingDigest(message, chainId)).toString('hex')).toBe(digest)
  expect(createSigner({ privateKeyHex, chainId }).sign(message)).toBe(signature)
  expect(recoverSignerAddress(message, signature, chainId)).toBe(signerAddress)
})

test('the address is derived with its checksum, and the prefix of the key does not matter', () => {
  expect(createSigner({ privateKeyHex, chainId: 1666 }).address).toBe(signerAddress)
  expect(createSigner({ privateKeyHex: privateKeyHex.slice(2), chainId: 1666 }).address).toBe(
    signerAddress,
  )
  const lower = signerAddress.toLowerCase()
  expect(createSigner({ privateKeyHex, chainId: 1666, signerAddress: lower }).address).toBe(
    signerAddress,
  )
})

const keyDigits = privateKeyHex.slice(2)
test.each([
  ['another address', { privateKeyHex, chainId: 1666, signerAddress: user }],
  ['a key that is too short', { privateKeyHex: keyDigits.slice(1), chainId: 1666 }],
  ['a key that is no hex', { privateKeyHex: keyDigits.replace('4', 'g'), chainId: 1666 }],
  ['a key past the curve', { privateKeyHex: 'f'.repeat(64), chainId: 1666 }],
  ['an empty key', { privateKeyHex: '', chainId: 1666 }],
])('%s is refused without repeating the key', (_, options) => {
  let error: unknown
  try {
    createSigner(options)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(TradingError)
  expect((error as TradingError).code).toBe('CONFIG_INVALID')
  const everything = `${String(error)} ${(error as Error).stack} ${JSON.stringify(error)}`
  expect(everything).not.toContain(keyDigits.slice(1, 12))
  expect(everything).not.toContain(options.privateKeyHex.slice(4, 20) || 'never')
})

test('nothing of the key can be read from a signer', () => {
  const signer = createSigner({ privateKeyHex, chainId: 1666 })
  expect(JSON.stringify(signer)).toBe(JSON.stringify({ address: signerAddress }))
  expect(Object.keys(signer).sort()).toEqual(['address', 'sign'])
})

test('any message recovers to its signer, and a changed one does not', () => {
  const signer = createSigner({ privateKeyHex, chainId: 714 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (message) => {
      const signature = signer.sign(message)
      expect(signature).toMatch(/^0x[0-9a-f]{128}(1b|1c)$/)
      // Low s: the upper half of the curve order would be a second signature of the same message.
      const s = BigInt(`0x${signature.slice(66, 130)}`)
      expect(s <= 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n).toBe(true)
      expect(recoverSignerAddress(message, signature, 714)).toBe(signerAddress)
      expect(recoverSignerAddress(`${message}.`, signature, 714)).not.toBe(signerAddress)
    }),
    { numRuns: 25 },
  )
})

test.each(['', '0x', `0x${'0'.repeat(130)}`, `0x${'0'.repeat(128)}1b`])(
  'signature %j is not authorised',
  (signature) => {
    expect(() => recoverSignerAddress('a=1', signature, 1666)).toThrow(
      expect.objectContaining({ code: 'VENUE_UNAUTHORISED' }),
    )
  },
)
