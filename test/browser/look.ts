import { join } from 'node:path'
import type { BrowserContext, Locator, Page } from 'playwright-core'

export type Check = readonly [name: string, check: () => Promise<void>]

export const screenshots = join(import.meta.dirname, '../../run')
export const patienceMs = 60_000

/** A page whose errors and warnings are collected. */
export async function openPage(context: BrowserContext, complaints: string[]): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  return page
}

export const rows = (page: Page, panel: string, filter = ''): Locator =>
  page.getByTestId(panel).locator(`tbody tr${filter}`)

export const waitForRow = (row: Locator): Promise<void> =>
  row.first().waitFor({ state: 'visible', timeout: patienceMs })

export const waitForText = (where: Locator, text: string): Promise<void> =>
  where.filter({ hasText: text }).waitFor({ state: 'visible', timeout: patienceMs })

export async function waitForChange(where: Locator): Promise<void> {
  await where.filter({ hasText: /\d/ }).waitFor({ state: 'visible', timeout: patienceMs })
  const before = (await where.textContent()) ?? ''
  await where.filter({ hasNotText: before }).waitFor({ state: 'visible', timeout: patienceMs })
}

export function expectEqual(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`)
}
