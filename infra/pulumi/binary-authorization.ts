import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import { type Estate, memberOf } from './access.ts'

const algorithm = 'EC_SIGN_P256_SHA256'

/**
 * Images must carry the pipeline's attestation. In dry run: a violation is logged and the image runs. Enforce it once
 * the log has been quiet for a few releases.
 */
export function createBinaryAuthorization(estate: Estate): void {
  const { config, after } = estate.place
  const key = createSigningKey(estate)
  // The only thing looked up: Google makes the pair and tells the public half afterwards.
  const version = gcp.kms.getKMSCryptoKeyVersionOutput({ cryptoKey: key.id, version: 1 })
  const note = new gcp.containeranalysis.Note(
    'built-by-ci-note',
    {
      name: 'built-by-ci',
      shortDescription: 'built, tested and scanned by the pipeline',
      attestationAuthority: { hint: { humanReadableName: 'AsterAI pipeline' } },
    },
    after,
  )
  const attestor = new gcp.binaryauthorization.Attestor(
    'built-by-ci',
    {
      name: 'built-by-ci',
      description: 'the pipeline that tests and builds',
      attestationAuthorityNote: {
        noteReference: note.name,
        publicKeys: [
          {
            id: pulumi.interpolate`//cloudkms.googleapis.com/v1/${version.name}`,
            pkixPublicKey: {
              publicKeyPem: version.publicKeys.apply((keys) => keys[0]?.pem ?? ''),
              signatureAlgorithm: 'ECDSA_P256_SHA256',
            },
          },
        ],
      },
    },
    after,
  )
  new gcp.binaryauthorization.Policy(
    'image-policy',
    {
      description: 'images carry the attestation of the pipeline',
      globalPolicyEvaluationMode: 'ENABLE',
      admissionWhitelistPatterns: [{ namePattern: config.collectorImage }],
      defaultAdmissionRule: {
        evaluationMode: 'REQUIRE_ATTESTATION',
        enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY',
        requireAttestationsBies: [attestor.name],
      },
    },
    after,
  )
}

/** The private half never leaves Google; only the pipeline may sign with it. */
function createSigningKey({ place, identities }: Estate): gcp.kms.CryptoKey {
  const ring = new gcp.kms.KeyRing(
    'signing-keys',
    { name: 'asterai', location: 'global' },
    { ...place.after, protect: true },
  )
  const key = new gcp.kms.CryptoKey(
    'signing-key',
    {
      name: 'images',
      keyRing: ring.id,
      purpose: 'ASYMMETRIC_SIGN',
      versionTemplate: { algorithm, protectionLevel: 'SOFTWARE' },
      labels: place.config.labels,
    },
    { protect: true },
  )
  new gcp.kms.CryptoKeyIAMMember('ci-deployer-signs-images', {
    cryptoKeyId: key.id,
    role: 'roles/cloudkms.signerVerifier',
    member: memberOf(identities.others['ci-deployer']),
  })
  return key
}
