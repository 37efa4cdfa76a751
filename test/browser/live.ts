import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { lowestContrast } from './contrast.ts'
import { type LiveConsole, startLiveConsole } from './live-console.ts'
import { type Check, expectEqual, openPage, patienceMs, screenshots, waitForText } from './look.ts'

/** People of the console's tests, each with a browser of their own. */
type People = {
  readonly ada: Page
  readonly bob: Page
  /** Bob again, in a second tab. */
  readonly bobToo: Page
  readonly olga: Page
  readonly vic: Page
}

/** Real money: what one admin asks for another has to confirm, each on a page of their own. */
export async function liveChecks(
  browser: Browser,
): Promise<{ readonly checks: readonly Check[]; close(): Promise<void> }> {
  const live = await startLiveConsole(browser)
  const complaints: string[] = []
  const open = async (email: string) => {
    const page = await openPage(await live.visit(email), complaints)
    await page.goto(live.url)
    return page
  }
  const bob = await open('bob@example.com')
  const bobToo = await openPage(bob.context(), complaints)
  await bobToo.goto(live.url)
  const people = {
    ada: await open('ada@example.com'),
    bob,
    bobToo,
    olga: await open('olga@example.com'),
    vic: await open('vic@example.com'),
  }
  mkdirSync(screenshots, { recursive: true })
  return {
    checks: [
      ...roleChecks(people),
      ...askChecks(people, live),
      ...confirmChecks(people, live),
      ...expiryChecks(people, live),
      ...lookChecks(live, complaints),
      ...crowdChecks(people, live),
      [
        'no page had anything to complain about but refusals it shows',
        async () => {
          const others = complaints.filter((line) => !line.startsWith('Failed to load resource'))
          expectEqual(others, [])
        },
      ],
    ],
    close: () => live.close(),
  }
}

function roleChecks({ ada, olga, vic }: People): readonly Check[] {
  return [
    [
      'in live the page says LIVE, and why trading is stopped',
      async () => {
        for (const page of [ada, olga, vic]) {
          await waitForText(page.getByTestId('mode'), 'LIVE')
          await waitForText(page.getByTestId('killed-banner'), 'drawdown reached 15 %')
        }
      },
    ],
    [
      'a viewer sees why every command is disabled',
      async () => {
        await waitForText(
          vic.getByTestId('command-note'),
          'vic@example.com is viewer: ask an operator or admin to kill or flatten.',
        )
        expectEqual(await disabledOf(vic), { kill: undefined, flatten: true, resume: true })
      },
    ],
    [
      'an operator may stop, and sees who may resume',
      async () => {
        await waitForText(
          olga.getByTestId('resume-note'),
          'olga@example.com is operator: ask an admin to resume.',
        )
        expectEqual(await disabledOf(olga), { kill: undefined, flatten: false, resume: true })
      },
    ],
  ]
}

function askChecks({ ada, bob, olga }: People, live: LiveConsole): readonly Check[] {
  const dialog = ada.getByTestId('command-dialog')
  return [
    [
      'the resume asks with what is at stake',
      async () => {
        await ada.getByTestId('resume').click()
        for (const text of [
          'LIVE: real money',
          'drawdown reached 15 % of peak equity',
          '8,512.40 USDT',
          '−0.007 BTC',
          'leverage ≤ 3, position ≤ 5 % of equity',
          'Asks a second admin',
        ])
          await waitForText(dialog, text)
        await ada.screenshot({ path: join(screenshots, 'live-ask.png') })
      },
    ],
    ['the keyboard cannot leave the dialog', () => expectFocusKept(ada)],
    [
      'Esc closes it, sends nothing and gives the focus back',
      async () => {
        await ada.keyboard.press('Escape')
        await dialog.waitFor({ state: 'hidden' })
        expectEqual(await focusedId(ada), 'resume')
        expectEqual(live.commands, [])
      },
    ],
    [
      'asking moves nothing: it waits for a second admin',
      async () => {
        await ada.keyboard.press('Enter')
        await ada.getByTestId('kill-reason').fill('cause is gone')
        await ada.keyboard.press('Enter')
        await waitForText(ada.getByTestId('waiting-banner'), 'You asked to resume trading')
        expectEqual(live.commands, [])
        expectEqual(await ada.getByTestId('review').isVisible(), false)
      },
    ],
    [
      'whoever asked is told on the page that somebody else must confirm',
      async () => {
        await ada.getByTestId('resume').click()
        await waitForText(dialog, 'Whoever asked cannot confirm: a second admin must')
        expectEqual(await ada.getByTestId('kill-confirm').isDisabled(), true)
        await ada.keyboard.press('Escape')
      },
    ],
    [
      'and the console refuses them as well',
      async () => {
        const [waiting] = await readWaiting(ada)
        expectEqual(await confirm(ada, waiting!), [403, 'whoever asked cannot confirm'])
        expectEqual(live.commands, [])
      },
    ],
    [
      'the second admin is told who asks, why, and how long there is',
      async () => {
        const banner = bob.getByTestId('waiting-banner')
        await waitForText(banner, 'ada@example.com asks to resume trading with real money')
        await waitForText(banner, '“cause is gone”')
        await waitForText(bob.getByTestId('waiting-left'), '4:')
      },
    ],
    [
      'an operator sees that it waits and has nothing to press',
      async () => {
        await waitForText(olga.getByTestId('waiting-banner'), 'ada@example.com asks to resume')
        expectEqual(await olga.getByTestId('review').isVisible(), false)
      },
    ],
  ]
}

function confirmChecks({ ada, bob, bobToo }: People, live: LiveConsole): readonly Check[] {
  return [
    [
      'the second admin reviews the same, with nothing sent by looking',
      async () => {
        for (const page of [bob, bobToo]) {
          await page.getByTestId('review').click({ timeout: patienceMs })
          for (const text of ['ada@example.com', 'cause is gone', 'LIVE: real money', 'Expires in'])
            await waitForText(page.getByTestId('command-dialog'), text)
          expectEqual(await focusedId(page), 'command-cancel')
        }
        await bob.screenshot({ path: join(screenshots, 'live-confirm.png') })
        expectEqual(live.commands, [])
      },
    ],
    [
      'their confirmation resumes trading, in both names',
      async () => {
        await bob.getByTestId('kill-confirm').click()
        await ada.getByTestId('killed-banner').waitFor({ state: 'hidden', timeout: patienceMs })
        expectEqual(
          live.commands.map(({ command, by }) => [command, by]),
          [['resume', 'ada@example.com and bob@example.com']],
        )
      },
    ],
    [
      'the same confirmation again is refused in words',
      async () => {
        await bobToo.getByTestId('kill-confirm').click()
        await waitForText(
          bobToo.getByTestId('command-error'),
          'this confirmation was used or has expired: ask for the action again',
        )
        expectEqual(live.commands.length, 1)
        await bobToo.keyboard.press('Escape')
      },
    ],
  ]
}

function expiryChecks({ ada, bob, bobToo, olga }: People, live: LiveConsole): readonly Check[] {
  const banner = bob.getByTestId('waiting-banner')
  return [
    [
      'an operator stops trading with one press and one word, on a page that does not know them yet',
      async () => {
        const page = await olga.context().newPage()
        await page.route('**/api/me', () => {})
        await page.goto(live.url)
        await page.getByTestId('kill').click()
        await page.getByTestId('kill-reason').fill('maintenance')
        await page.keyboard.press('Enter')
        await waitForText(ada.getByTestId('killed-banner'), 'Killed: maintenance')
        await page.close()
      },
    ],
    [
      'a request that ran out says so, and cannot be confirmed',
      async () => {
        await ada.getByTestId('resume').click()
        await ada.getByTestId('kill-reason').fill('maintenance is over')
        await ada.keyboard.press('Enter')
        await waitForText(banner, 'maintenance is over')
        live.skip(292)
        await waitForText(bob.getByTestId('waiting-left'), '0:0')
        await bob.getByTestId('review').click()
        const [waiting] = await readWaiting(bob)
        await waitForText(bob.getByTestId('command-expiry'), 'This request has expired')
        expectEqual(await bob.getByTestId('kill-confirm').isDisabled(), true)
        await bob.screenshot({ path: join(screenshots, 'live-expired.png') })
        await bob.keyboard.press('Escape')
        await waitForText(banner, 'The resume that ada@example.com asked for has expired')
        expectEqual(await bob.getByTestId('review').isVisible(), false)
        expectEqual(await confirm(bobToo, waiting!), [
          409,
          'this confirmation was used or has expired',
        ])
        expectEqual(
          live.commands.map(({ command }) => command),
          ['resume', 'kill'],
        )
      },
    ],
  ]
}

/** In each colour scheme and on a phone: everything readable and nothing cut. */
function lookChecks(live: LiveConsole, complaints: string[]): readonly Check[] {
  const phone = { width: 390, height: 844 }
  const looks = [
    ['dark', { width: 1440, height: 900 }],
    ['light', { width: 1440, height: 900 }],
    ['light', phone],
    ['dark', phone],
  ] as const
  return looks.map(([colorScheme, viewport]) => [
    `page and dialog are readable in ${colorScheme} at ${viewport.width} px`,
    async () => {
      const context = await live.visit('ada@example.com', { colorScheme, viewport })
      const page = await openPage(context, complaints)
      await page.goto(live.url)
      const name = `live-${colorScheme}-${viewport.width}`
      await waitForText(page.getByTestId('killed-banner'), 'Killed: maintenance')
      await page.screenshot({ path: join(screenshots, `${name}-page.png`) })
      await expectReadable(page)
      await page.getByTestId('resume').click()
      await waitForText(page.getByTestId('command-dialog'), 'LIVE: real money')
      await page.screenshot({ path: join(screenshots, `${name}.png`) })
      await expectReadable(page)
      const overflowPx = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expectEqual(overflowPx, 0)
      await context.close()
    },
  ])
}

async function expectReadable(page: Page): Promise<void> {
  const { ratio, text } = await lowestContrast(page)
  if (ratio < 4.5) throw new Error(`contrast ${ratio.toFixed(2)} of “${text}”`)
}

function crowdChecks({ vic }: People, live: LiveConsole): readonly Check[] {
  return [
    [
      'the fifth page of one person says why it gets no data, and follows once there is room',
      async () => {
        const pages: Page[] = []
        for (let count = 0; count < 3; count++) {
          const page = await vic.context().newPage()
          await page.goto(live.url)
          await waitForText(page.getByTestId('mode'), 'LIVE')
          pages.push(page)
        }
        const fifth = await (await live.visit('vic@example.com')).newPage()
        await fifth.goto(live.url)
        await waitForText(
          fifth.getByTestId('stale-banner'),
          'vic@example.com has 4 pages open already: close one of them',
        )
        await pages[0]!.close()
        await waitForText(fifth.getByTestId('mode'), 'LIVE')
        await fifth.getByTestId('stale-banner').waitFor({ state: 'hidden', timeout: patienceMs })
      },
    ],
  ]
}

/** Whether each command is disabled; undefined when it is not shown. */
async function disabledOf(page: Page): Promise<Record<string, boolean | undefined>> {
  const read = async (name: string) => {
    const button = page.getByTestId(name)
    return (await button.isVisible()) ? await button.isDisabled() : undefined
  }
  return {
    kill: await read('kill'),
    flatten: await read('flatten'),
    resume: await read('resume'),
  }
}

const focusedId = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.activeElement?.id)

async function expectFocusKept(page: Page): Promise<void> {
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press(presses % 3 === 2 ? 'Shift+Tab' : 'Tab')
    // Between the last and the first control the browser's own bar may have it, which is no part of the page.
    const where = await page.evaluate(() => {
      const { activeElement } = document
      return activeElement === document.body || activeElement?.closest('dialog') !== null
    })
    expectEqual(where, true)
  }
}

type Waiting = { readonly id: string; readonly actionHash: string }

const readWaiting = (page: Page): Promise<readonly Waiting[]> =>
  page.evaluate(async () => {
    const reply = await fetch('/api/confirmations')
    return ((await reply.json()) as { waiting: Waiting[] }).waiting
  })

/** What the page's own script would send. @returns status and words of the reply */
const confirm = (page: Page, { id, actionHash }: Waiting): Promise<readonly unknown[]> =>
  page.evaluate(
    async ([path, body]) => {
      const headers = {
        'Content-Type': 'application/json',
        'X-Requested-With': 'asterai-console',
      }
      const reply = await fetch(path, { method: 'POST', headers, body })
      return [reply.status, ((await reply.json()) as { error?: string }).error]
    },
    [`/api/confirmations/${id}`, JSON.stringify({ actionHash })] as const,
  )
