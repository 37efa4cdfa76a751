import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import { type Estate, memberOf } from './access.ts'

/**
 * What the deployer may do in the project. It builds everything, so it needs much; it runs only inside the pipeline,
 * no workload ever runs as it, and it has no key.
 */
const deployerRoles = [
  'roles/aiplatform.admin',
  'roles/artifactregistry.admin',
  'roles/bigquery.admin',
  'roles/binaryauthorization.policyAdmin',
  'roles/binaryauthorization.attestorsAdmin',
  'roles/cloudbuild.builds.editor',
  'roles/cloudfunctions.admin',
  'roles/cloudkms.admin',
  'roles/cloudscheduler.admin',
  'roles/compute.networkAdmin',
  'roles/compute.securityAdmin',
  'roles/containeranalysis.admin',
  'roles/iam.roleAdmin',
  'roles/iam.serviceAccountAdmin',
  'roles/iam.serviceAccountUser',
  'roles/iam.workloadIdentityPoolAdmin',
  'roles/iap.admin',
  'roles/logging.admin',
  'roles/monitoring.admin',
  'roles/ondemandscanning.admin',
  'roles/pubsub.admin',
  'roles/resourcemanager.projectIamAdmin',
  'roles/run.admin',
  'roles/secretmanager.admin',
  'roles/serviceusage.serviceUsageAdmin',
  'roles/storage.admin',
] as const

/** The identity of Cloud Build and GitHub Actions, and who may borrow it. @returns its e-mail */
export function createPipelineAccess(estate: Estate): pulumi.Output<string> {
  const { place, identities } = estate
  const deployer = identities.others['ci-deployer']
  for (const role of deployerRoles)
    new gcp.projects.IAMMember(`ci-deployer-has-${role.slice('roles/'.length)}`, {
      project: place.config.projectId,
      role,
      member: memberOf(deployer),
    })
  trustGithub(estate)
  return deployer.email
}

/**
 * GitHub's own token instead of a key file. Believed is a push to main or of a tag v* in one repository. Not a pull
 * request: its code was reviewed by nobody, and `pull_request_target` would run it under the name of main.
 */
export const trustedPush = (repositoryId: number): string =>
  [
    `assertion.repository_id == '${repositoryId}'`,
    "assertion.event_name == 'push'",
    "(assertion.ref == 'refs/heads/main' || assertion.ref.startsWith('refs/tags/v'))",
  ].join(' && ')

function trustGithub({ place: { config, after }, identities }: Estate): void {
  if (config.github === undefined) return
  const { repositoryId } = config.github
  const pool = new gcp.iam.WorkloadIdentityPool(
    'github-pool',
    { workloadIdentityPoolId: 'github', displayName: 'GitHub Actions' },
    after,
  )
  new gcp.iam.WorkloadIdentityPoolProvider('github-provider', {
    workloadIdentityPoolId: pool.workloadIdentityPoolId,
    workloadIdentityPoolProviderId: 'github',
    displayName: 'GitHub Actions',
    oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
    attributeMapping: {
      'google.subject': 'assertion.sub',
      'attribute.repository_id': 'assertion.repository_id',
      'attribute.ref': 'assertion.ref',
    },
    attributeCondition: trustedPush(repositoryId),
  })
  new gcp.serviceaccount.IAMMember('github-borrows-ci-deployer', {
    serviceAccountId: identities.others['ci-deployer'].name,
    role: 'roles/iam.workloadIdentityUser',
    member: pulumi.interpolate`principalSet://iam.googleapis.com/${pool.name}/attribute.repository_id/${repositoryId}`,
  })
}
