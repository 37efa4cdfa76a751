import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Command } from '#shared/cloud/command-line/command.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import { liveChecks } from './live.ts'
import {
  type Check,
  expectEqual,
  openPage,
  patienceMs,
  rows,
  screenshots,
  waitForChange,
  waitForRow,
  waitForText,
} from './look.ts'
import { type RunningSystem, startSystem } from './system.ts'
import { promoteTinyModel, tinyModelId } from './tiny-model.ts'

/** Drives the real system through its page: `npm run test:browser`. */

const chromiumPaths = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const desktop = { viewport: { width: 1440, height: 900 } } as const
/** Features are known after a minute of market. */
const featuresPatienceMs = 90_000

async function main(): Promise<number> {
  const executablePath = chromiumPaths.find((path) => path && existsSync(path))
  if (!executablePath) {
    console.error(
      'no Chromium found: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH to its program',
    )
    return 1
  }
  const system = await startSystem(['--for', '300s', '--seed', '7', '--port', '0'])
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const counts = { passed: 0, failed: 0 }
  await runChecks(await checksOf(system, browser), counts)
  const live = await liveChecks(browser)
  await runChecks(live.checks, counts)
  await live.close()
  await browser.close()
  if (counts.failed > 0) console.log(`\noutput of the system:\n${system.output()}`)
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
  return counts.failed > 0 ? 1 : 0
}

async function runChecks(
  checks: readonly Check[],
  counts: { passed: number; failed: number },
): Promise<void> {
  for (const [name, check] of checks) {
    try {
      await check()
      counts.passed++
      console.log(`ok      ${name}`)
    } catch (error) {
      counts.failed++
      console.log(`FAILED  ${name}\n        ${String(error).split('\n', 3).join('\n        ')}`)
    }
  }
}

async function checksOf(system: RunningSystem, browser: Browser): Promise<readonly Check[]> {
  const complaints: string[] = []
  const page = await openPage(
    await browser.newContext({ ...desktop, colorScheme: 'dark' }),
    complaints,
  )
  await page.goto(system.operatorUrl)
  return [
    ...watchChecks(page),
    ...predictionChecks(page, system),
    ['screenshots are taken at 1440 and 390 px', () => takeScreenshots(page)],
    ...commandChecks(page),
    ...faultChecks(page, system),
    [
      'the browser had nothing to complain about',
      async () => expectEqual(complaints.join('; '), ''),
    ],
    ['Ctrl-C ends the system with 0', async () => expectEqual(await system.stop(), 0)],
  ]
}

function watchChecks(page: Page): readonly Check[] {
  const orderOf = (strategy: string) => rows(page, 'orders', `[data-strategy^="${strategy}"]`)
  return [
    ['the best bid changes', () => waitForChange(page.getByTestId('book-best-bid'))],
    ['the best ask changes', () => waitForChange(page.getByTestId('book-best-ask'))],
    ['the token is gone from the address', async () => expectEqual(new URL(page.url()).hash, '')],
    ['the mode is PAPER', () => waitForText(page.getByTestId('mode'), 'PAPER')],
    ['the executor says that it runs', () => waitForText(page.getByTestId('status'), '● executor')],
    ['glft has a working order', () => waitForRow(orderOf('glft'))],
    ['grid has a working order', () => waitForRow(orderOf('grid'))],
    ['a trade is shown', () => waitForRow(rows(page, 'trades'))],
    ['a decision is shown', () => waitForRow(rows(page, 'decisions'))],
    [
      'the inputs of a decision unfold',
      async () => {
        const details = page.getByTestId('decisions').locator('details').last()
        await details.locator('summary').click()
        await details.locator('pre').waitFor({ state: 'visible', timeout: patienceMs })
      },
    ],
    ['a funding rate is shown', () => waitForRow(rows(page, 'funding'))],
    [
      'the equity curve is drawn',
      () => page.getByTestId('equity').locator('canvas').waitFor({ timeout: patienceMs }),
    ],
    ['a fill is shown within a minute', () => waitForRow(rows(page, 'fills'))],
  ]
}

function predictionChecks(page: Page, system: RunningSystem): readonly Check[] {
  const panel = page.getByTestId('predictions')
  const ages = panel.getByTestId('prediction-age')
  return [
    [
      'without a model the page says how to make one',
      () => waitForText(panel, 'npm run featurize, then npm run train'),
    ],
    [
      'a model that is promoted meanwhile is shown with what it is worth',
      async () => {
        await promoteTinyModel(system.folder)
        await waitForText(panel.getByTestId('model-id'), tinyModelId)
        await waitForText(panel, 'test accuracy 41.0 % ± 3.0 %')
        await waitForText(panel, 'does not beat it')
        await waitForText(panel, 'invented data')
        await waitForText(panel, 'moves no order')
      },
    ],
    [
      'its predictions appear with their ages, for each symbol',
      async () => {
        await ages.first().waitFor({ state: 'visible', timeout: featuresPatienceMs })
        await waitForText(panel, '▼20%')
        await waitForText(panel, '▲30%')
        expectEqual(await panel.locator('[data-symbol]').count(), 2)
      },
    ],
    ['ages change', () => waitForChange(ages.first())],
    [
      'ages are of now',
      async () => {
        const seconds = Number.parseFloat((await ages.first().textContent()) ?? '')
        if (!(seconds >= 0 && seconds < 5)) throw new Error(`an age of ${seconds} s`)
        expectEqual(await panel.locator('.old').count(), 0)
      },
    ],
  ]
}

function commandChecks(page: Page): readonly Check[] {
  const killed = page.getByTestId('killed-banner')
  return [
    [
      'the kill switch asks first',
      async () => {
        await page.getByTestId('kill').click()
        await page.getByTestId('kill-confirm').waitFor({ state: 'visible' })
        expectEqual(await killed.isVisible(), false)
      },
    ],
    [
      'a confirmed kill shows its reason',
      async () => {
        await page.getByTestId('kill-reason').fill('browser drill')
        await page.getByTestId('kill-confirm').click()
        await waitForText(killed, 'Killed: browser drill')
      },
    ],
    [
      'no working order is left',
      () =>
        page
          .getByTestId('orders')
          .getByText('no working orders')
          .waitFor({ state: 'visible', timeout: patienceMs }),
    ],
    [
      'resume brings the orders back',
      async () => {
        await page.getByTestId('resume').click()
        await page.getByTestId('kill-reason').fill('drill is over')
        await page.keyboard.press('Enter')
        await killed.waitFor({ state: 'hidden', timeout: patienceMs })
        await waitForRow(rows(page, 'orders'))
      },
    ],
  ]
}

function faultChecks(page: Page, system: RunningSystem): readonly Check[] {
  const stale = page.getByTestId('stale-banner')
  return [
    [
      'a frozen system is announced as stopped data',
      async () => {
        system.freeze()
        await waitForText(stale, 'Data stopped')
      },
    ],
    [
      'predictions that no longer come are shown as old',
      () =>
        page.getByTestId('predictions').locator('.old').first().waitFor({ timeout: patienceMs }),
    ],
    [
      'the warning goes when data flows again',
      async () => {
        system.thaw()
        await stale.waitFor({ state: 'hidden', timeout: patienceMs })
      },
    ],
  ]
}

async function takeScreenshots(page: Page): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, 'console.png') })
  await page.setViewportSize({ width: 390, height: 844 })
  await page.screenshot({ path: join(screenshots, 'console-phone.png'), fullPage: true })
  const overflowPx = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  await page.setViewportSize({ width: 1440, height: 900 })
  expectEqual(overflowPx, 0)
}

const browserCommand = {
  call: 'npm run test:browser',
  what: 'Drives the real system through its page in Chromium, for about five minutes.',
  options: {},
  examples: ['npm run test:browser'],
  notes: ['CHROMIUM_PATH names the program where it is not found; pictures go to run/.'],
  exits: { 0: 'every check passed', 1: 'one did not, or there is no Chromium' },
} satisfies Command

await runProcess(carryOut(browserCommand, main))
