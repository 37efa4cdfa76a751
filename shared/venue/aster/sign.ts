import { keccak_256 } from '@noble/hashes/sha3.js'
import secp256k1 from 'secp256k1'
import { TradingError } from '#shared/kernel/error.ts'

/** Signs requests for one API wallet. The key itself cannot be read back. */
export type Signer = {
  /** Checksummed address of the API wallet, sent as `signer`. */
  readonly address: string
  /** Signature `0x` + r + s + v over the exact parameter text that is sent, without `&signature=`. */
  sign(message: string): string
}

export type SignerOptions = {
  /** 32 bytes as hex, with or without `0x`. */
  readonly privateKeyHex: string
  /** 1666 on mainnet, 714 on testnet. */
  readonly chainId: number
  /** When given, the key must belong to it. */
  readonly signerAddress?: string
}

/**
 * Builds a signer and checks that key and address belong together.
 *
 * Errors never repeat the key, not even in part.
 *
 * @throws TradingError CONFIG_INVALID when the key is no secp256k1 key or belongs to another address
 */
export function createSigner({ privateKeyHex, chainId, signerAddress }: SignerOptions): Signer {
  const digits = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(privateKeyHex)?.[1]
  const key = digits === undefined ? undefined : Uint8Array.from(Buffer.from(digits, 'hex'))
  if (key === undefined || !secp256k1.privateKeyVerify(key))
    throw new TradingError(
      'CONFIG_INVALID',
      'the signing key is not a private key of 64 hex digits; export the API wallet key again',
    )
  const address = addressFromPublicKey(secp256k1.publicKeyCreate(key, false))
  if (signerAddress !== undefined && signerAddress.toLowerCase() !== address.toLowerCase())
    throw new TradingError(
      'CONFIG_INVALID',
      `the signing key belongs to ${address}, not to ${signerAddress}; give the address of the API wallet`,
    )
  const domain = domainSeparator(chainId)
  return {
    address,
    sign: (message) => {
      const { signature, recid } = secp256k1.ecdsaSign(digestIn(domain, message), key)
      return `0x${Buffer.from(signature).toString('hex')}${(27 + recid).toString(16)}`
    },
  }
}

/**
 * EIP-712 digest `keccak256(0x1901 ‖ domain ‖ keccak256(typeHash ‖ keccak256(message)))`.
 *
 * @param message - parameter text as transmitted, without the signature
 * @see EIP-712, "Typed structured data hashing and signing", https://eips.ethereum.org/EIPS/eip-712
 */
export const signingDigest = (message: string, chainId: number): Uint8Array =>
  digestIn(domainSeparator(chainId), message)

/**
 * Address that made `signature` over `message`; what a venue does to find the account.
 *
 * @throws TradingError VENUE_UNAUTHORISED when the text is no signature of 65 bytes
 */
export function recoverSignerAddress(message: string, signature: string, chainId: number): string {
  const digits = /^(?:0x)?([0-9a-fA-F]{128})(1b|1c)$/i.exec(signature)
  if (!digits) throw new TradingError('VENUE_UNAUTHORISED', 'signature is not r, s, v in hex')
  const compact = Uint8Array.from(Buffer.from(digits[1] ?? '', 'hex'))
  const recoveryId = Number.parseInt(digits[2] ?? '', 16) - 27
  try {
    const digest = signingDigest(message, chainId)
    return addressFromPublicKey(secp256k1.ecdsaRecover(compact, recoveryId, digest, false))
  } catch (cause) {
    throw new TradingError('VENUE_UNAUTHORISED', 'signature recovers to no key', {}, cause)
  }
}

const utf8 = new TextEncoder()
const keccakOfText = (text: string): Uint8Array => keccak_256(utf8.encode(text))
const messageTypeHash = keccakOfText('Message(string msg)')

/** `keccak256(domainTypeHash ‖ name ‖ version ‖ chainId ‖ verifyingContract)`; the contract is address 0. */
function domainSeparator(chainId: number): Uint8Array {
  const words = new Uint8Array(5 * 32)
  const domainType =
    'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'
  words.set(keccakOfText(domainType), 0)
  words.set(keccakOfText('AsterSignTransaction'), 32)
  words.set(keccakOfText('1'), 64)
  new DataView(words.buffer).setUint32(3 * 32 + 28, chainId)
  return keccak_256(words)
}

function digestIn(domain: Uint8Array, message: string): Uint8Array {
  const struct = new Uint8Array(64)
  struct.set(messageTypeHash, 0)
  struct.set(keccakOfText(message), 32)
  const envelope = new Uint8Array(66)
  envelope[0] = 0x19
  envelope[1] = 0x01
  envelope.set(domain, 2)
  envelope.set(keccak_256(struct), 34)
  return keccak_256(envelope)
}

/** Last 20 bytes of the key's hash, letters cased as a checksum. @see EIP-55 */
function addressFromPublicKey(uncompressed: Uint8Array): string {
  const hex = Buffer.from(keccak_256(uncompressed.subarray(1)).subarray(12)).toString('hex')
  const casing = Buffer.from(keccakOfText(hex)).toString('hex')
  const cased = [...hex].map((c, i) => ((casing[i] ?? '0') >= '8' ? c.toUpperCase() : c))
  return `0x${cased.join('')}`
}
