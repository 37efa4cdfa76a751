import { type FunctionName, type FunctionSpec, functions } from '#shared/cloud/manifest/function.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import type { Blobs } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { FunctionPorts } from './function-call.ts'

/**
 * The ports as one function may use them: exactly what the manifest grants its identity. On one machine nothing
 * else would notice a right that is missing in the cloud.
 *
 * @throws TradingError PLATFORM_REFUSED from every call beyond the grant
 */
export function limitPorts(name: FunctionName, ports: FunctionPorts): FunctionPorts {
  const granted: FunctionSpec = functions[name]
  const refuse = (what: string): never => {
    throw new TradingError(
      'PLATFORM_REFUSED',
      `function ${name} may not ${what}; grant it in shared/cloud/manifest/function.ts`,
    )
  }
  const require = (isGranted: boolean, what: string): void => {
    if (!isGranted) refuse(what)
  }
  const includes = (list: readonly string[], wanted: string): boolean => list.includes(wanted)
  const hasVenue = granted.reachesVenues

  return {
    ...ports,
    market: hasVenue ? ports.market : refusing('reach venues', refuse),
    secondMarket: hasVenue ? ports.secondMarket : undefined,
    accounts: includes(granted.secrets, 'aster-reader-key') ? ports.accounts : undefined,
    warehouse: {
      async insert(table, rows) {
        require(includes(granted.writes, table), `write to table ${table}`)
        await ports.warehouse.insert(table, rows)
      },
      async query(sql) {
        for (const table of tablesOf(sql))
          require(includes(granted.reads, table), `read table ${table}`)
        return await ports.warehouse.query(sql)
      },
      close: () => refuse('close the warehouse'),
    },
    bus: {
      publish(topic, message) {
        require(includes(granted.publishes, topic), `publish on ${topic}`)
        ports.bus.publish(topic, message)
      },
      subscribe: () => refuse('subscribe'),
      flush: (topic) => ports.bus.flush(topic),
      close: () => refuse('close the bus'),
    },
    blobs(bucket) {
      const right = granted.buckets[bucket]
      require(right !== undefined, `read bucket ${bucket}`)
      const blobs = ports.blobs(bucket)
      if (right === 'write') return blobs
      const write = () => refuse(`write to bucket ${bucket}`)
      if (right === 'create') return { ...blobs, put: write } satisfies Blobs
      return { ...blobs, put: write, create: write } satisfies Blobs
    },
    secrets: {
      get(secret) {
        require(includes(granted.secrets, secret), `read secret ${secret}`)
        return ports.secrets.get(secret)
      },
    },
    scaling: {
      async instanceCount(service) {
        require(includes(granted.scales, service), `look at service ${service}`)
        return await ports.scaling.instanceCount(service)
      },
      async setInstanceCount(service, count) {
        require(includes(granted.scales, service), `scale service ${service}`)
        await ports.scaling.setInstanceCount(service, count)
      },
    },
    training: granted.trains ? ports.training : undefined,
    catalog: granted.trains ? ports.catalog : undefined,
  }
}

/** Tables of the manifest that a query reads: every one named right after FROM or JOIN or a comma between them. */
export const tablesOf = (sql: string): readonly string[] => {
  const words = new Set(sql.match(/[a-z_]+/gi) ?? [])
  const named = Object.keys(tables).filter((table) => words.has(table))
  return named.filter((table) =>
    new RegExp(
      `\\b(from|join)\\s+\\(*\\s*["\`]?${table}\\b|,\\s*["\`]?${table}["\`]?\\s*(where|join|,|$)`,
      'i',
    ).test(sql),
  )
}

/** Every use of it is refused; for ports whose methods are all beyond the grant. */
function refusing<Port extends object>(what: string, refuse: (what: string) => never): Port {
  return new Proxy({} as Port, { get: () => () => refuse(what) })
}
