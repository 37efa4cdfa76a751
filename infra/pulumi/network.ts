import * as gcp from '@pulumi/gcp'
import type { Place } from './place.ts'

/** Where a workload leaves through. `google` has no way out but to Google's own services. */
export type Exit = 'executor' | 'ingestion' | 'google'

export type Network = {
  readonly network: gcp.compute.Network
  readonly subnets: Readonly<Record<Exit, gcp.compute.Subnetwork>>
  /** Static addresses; give the executor's to the venue as the only one that may use the agent key. */
  readonly addresses: Readonly<Record<'executor' | 'ingestion', gcp.compute.Address>>
}

const ranges: Readonly<Record<Exit, string>> = {
  executor: '10.10.0.0/26',
  ingestion: '10.10.1.0/24',
  google: '10.10.2.0/26',
}

/**
 * One network. The venue counts requests per address, so executor and ingestion leave through two, and a burst of
 * ingestion cannot slow an order down.
 */
export function createNetwork({ config, after }: Place): Network {
  const network = new gcp.compute.Network(
    'network',
    { name: 'asterai', autoCreateSubnetworks: false, routingMode: 'REGIONAL' },
    after,
  )
  const subnet = (exit: Exit) =>
    new gcp.compute.Subnetwork(`subnet-${exit}`, {
      name: `asterai-${exit}`,
      region: config.region,
      network: network.id,
      ipCidrRange: ranges[exit],
      // Calls to Google and to our own services stay inside; the wall of the functions counts on it.
      privateIpGoogleAccess: true,
      ...(exit === 'google'
        ? {}
        : { logConfig: { aggregationInterval: 'INTERVAL_10_MIN', flowSampling: 0.1 } }),
    })
  const subnets = {
    executor: subnet('executor'),
    ingestion: subnet('ingestion'),
    google: subnet('google'),
  }
  const router = new gcp.compute.Router('router', {
    name: 'asterai',
    region: config.region,
    network: network.id,
  })
  const exits = ['executor', 'ingestion'] as const
  const [executor, ingestion] = exits.map((exit) => {
    const address = new gcp.compute.Address(
      `address-${exit}`,
      { name: `asterai-${exit}`, region: config.region, labels: config.labels },
      { ...after, protect: true },
    )
    new gcp.compute.RouterNat(`nat-${exit}`, {
      name: `asterai-${exit}`,
      region: config.region,
      router: router.name,
      natIpAllocateOption: 'MANUAL_ONLY',
      natIps: [address.selfLink],
      sourceSubnetworkIpRangesToNat: 'LIST_OF_SUBNETWORKS',
      subnetworks: [{ name: subnets[exit].id, sourceIpRangesToNats: ['ALL_IP_RANGES'] }],
      minPortsPerVm: 256,
      logConfig: { enable: true, filter: 'ERRORS_ONLY' },
    })
    return address
  }) as [gcp.compute.Address, gcp.compute.Address]
  createFirewall(network)
  return { network, subnets, addresses: { executor, ingestion } }
}

/** Nothing comes in; only TLS goes out. Name lookups go to the metadata server, which no firewall stands before. */
function createFirewall(network: gcp.compute.Network): void {
  const logConfig = { metadata: 'EXCLUDE_ALL_METADATA' }
  new gcp.compute.Firewall('firewall-deny-ingress', {
    name: 'asterai-deny-ingress',
    network: network.id,
    direction: 'INGRESS',
    priority: 65_000,
    sourceRanges: ['0.0.0.0/0'],
    denies: [{ protocol: 'all' }],
    logConfig,
  })
  new gcp.compute.Firewall('firewall-deny-egress', {
    name: 'asterai-deny-egress',
    network: network.id,
    direction: 'EGRESS',
    priority: 65_000,
    destinationRanges: ['0.0.0.0/0'],
    denies: [{ protocol: 'all' }],
    logConfig,
  })
  new gcp.compute.Firewall('firewall-allow-tls', {
    name: 'asterai-allow-tls',
    network: network.id,
    direction: 'EGRESS',
    priority: 1_000,
    destinationRanges: ['0.0.0.0/0'],
    allows: [{ protocol: 'tcp', ports: ['443'] }],
  })
}
