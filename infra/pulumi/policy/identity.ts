import { projectRoles } from '../roles.ts'
import { type DeclaredResource, ofType, type Policy, types, violators } from './policy.ts'

/** Identities that code of ours runs as, or that call it. */
const runtimeIdentity =
  /^serviceAccount:(fn-|run-|vertex-trainer|scheduler-caller|push-caller|gpu-switch)/

const memberOf = ({ inputs }: DeclaredResource): string => String(inputs.member ?? '')

/** Who may do what. */
export const identityPolicies: readonly Policy[] = [
  {
    name: 'no-public-invoker',
    description: 'Nothing may be called or read by everybody.',
    check: (stack) => [
      // Wherever it may stand: as a member, in the text of a policy, as a group of a dataset or an ACL.
      ...stack
        .filter(({ inputs }) => /\ball(Authenticated)?Users\b/i.test(JSON.stringify(inputs)))
        .map(({ name }) => `${name}: gives everybody a right`),
      ...violators(stack, types.service, 'does not check who calls', ({ inputs }) =>
        inputs.invokerIamDisabled === undefined ? true : inputs.invokerIamDisabled === false,
      ),
      ...violators(
        stack,
        types.function,
        'can be reached from the internet',
        ({ inputs }) =>
          (inputs.serviceConfig as { ingressSettings?: string })?.ingressSettings ===
          'ALLOW_INTERNAL_ONLY',
      ),
    ],
  },
  {
    name: 'no-project-role-on-runtime-identity',
    description:
      'Workloads get rights on single resources. Only roles of ours with rights that exist on projects alone are excepted.',
    check: (stack) => [
      ...violators(
        stack,
        types.projectMember,
        'gives a workload a role on the whole project',
        (resource) => !runtimeIdentity.test(memberOf(resource)) || isListed(resource.inputs.role),
      ),
      ...ofType(stack, types.customRole).flatMap((role) =>
        isListed(`/${role.inputs.roleId}`) ? unlisted(role) : [],
      ),
      ...stack
        .filter(({ type }) =>
          /^gcp:(projects\/iAM(Binding|Policy)|organizations|folder)/.test(type),
        )
        .map(({ name }) => `${name}: replaces or widens rights above single resources`),
    ],
  },
  {
    name: 'no-key-files',
    description: 'No identity has a key that could be copied.',
    check: (stack) =>
      stack
        .filter(({ type }) =>
          /serviceaccount\/key:Key|storage\/hmacKey|projects\/apiKey/.test(type),
        )
        .map(({ name }) => `${name}: is a key; let Google vouch for the workload instead`),
  },
  {
    name: 'own-identity-each',
    description: 'Every workload runs as an identity of its own, never as a default one.',
    check: (stack) => {
      const accounts = [types.function, types.service, types.workerPool].flatMap((type) =>
        ofType(stack, type).map((resource) => ({
          name: resource.name,
          account: accountOf(resource),
        })),
      )
      return accounts
        .filter(
          ({ name, account }) =>
            !runtimeIdentity.test(`serviceAccount:${account}`) ||
            accounts.some((other) => other.name !== name && other.account === account),
        )
        .map(({ name, account }) => `${name}: runs as ${account ?? 'the default identity'}`)
    },
  },
]

function accountOf({ inputs }: DeclaredResource): string | undefined {
  const { template, serviceConfig } = inputs as {
    template?: { serviceAccount?: string }
    serviceConfig?: { serviceAccountEmail?: string }
  }
  return template?.serviceAccount ?? serviceConfig?.serviceAccountEmail
}

const roleIdOf = (role: unknown): string => String(role).split('/').at(-1) ?? ''

const isListed = (role: unknown): boolean =>
  !String(role).startsWith('roles/') && Object.hasOwn(projectRoles, roleIdOf(role))

function unlisted({ name, inputs }: DeclaredResource): readonly string[] {
  const listed: readonly string[] =
    projectRoles[inputs.roleId as keyof typeof projectRoles].permissions
  return (inputs.permissions as readonly string[])
    .filter((permission) => !listed.includes(permission))
    .map((permission) => `${name}: ${permission} is not on the list in roles.ts`)
}
