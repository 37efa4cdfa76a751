import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import secp256k1 from 'secp256k1'

const domainType =
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'
const keccakText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text))
const messageTypeHash = keccakText('Message(string msg)')

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

const word = (value: number): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'))

/** EIP-712 domain separator of Aster's request signing. */
export const domainSeparator = (chainId: number): Uint8Array =>
  keccak_256(
    join(
      keccakText(domainType),
      keccakText('AsterSignTransaction'),
      keccakText('1'),
      word(chainId),
      word(0),
    ),
  )

/** Digest that is signed for one request text. */
const requestDigest = (separator: Uint8Array, message: string): Uint8Array =>
  keccak_256(
    join(
      new Uint8Array([0x19, 0x01]),
      separator,
      keccak_256(join(messageTypeHash, keccakText(message))),
    ),
  )

/** Address of an uncompressed public key of 65 bytes, lower case. */
const addressOfPublicKey = (publicKey: Uint8Array): string =>
  `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`

/** Address of a private key, lower case. */
export const addressOfPrivateKey = (privateKey: Uint8Array): string =>
  addressOfPublicKey(secp256k1.publicKeyCreate(privateKey, false))

const signaturePattern = /^(?:0x)?([0-9a-fA-F]{128})(1b|1c|1B|1C|00|01)$/

/**
 * Address whose key signed `message`.
 *
 * @returns lower case address; undefined when the signature has no such form or recovers to nothing
 */
export function recoverSigner(
  separator: Uint8Array,
  message: string,
  signature: string,
): string | undefined {
  const [, compact, last] = signaturePattern.exec(signature) ?? []
  if (!compact || !last) return undefined
  const recovery = Number.parseInt(last, 16) % 27
  const digest = requestDigest(separator, message)
  try {
    return addressOfPublicKey(secp256k1.ecdsaRecover(hexToBytes(compact), recovery, digest, false))
  } catch {
    // The library throws when r and s name no point: nobody signed this.
    return undefined
  }
}

/** Signs a request text as a client does: r ‖ s ‖ v in hex, for demos and tests. */
export function signRequest(privateKey: Uint8Array, chainId: number, message: string): string {
  const digest = requestDigest(domainSeparator(chainId), message)
  const { signature, recid } = secp256k1.ecdsaSign(digest, privateKey)
  return `0x${bytesToHex(signature)}${(27 + recid).toString(16)}`
}
