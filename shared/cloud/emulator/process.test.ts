import { expect, test } from 'vitest'
import { freePorts } from './process.ts'

test('free ports are ports, all different', async () => {
  const ports = await freePorts(5)
  expect(new Set(ports).size).toBe(5)
  for (const port of ports) expect(port).toBeGreaterThan(1_023)
})
