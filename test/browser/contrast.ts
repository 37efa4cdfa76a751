import type { Page } from 'playwright-core'

export type Contrast = { readonly ratio: number; readonly text: string }

/**
 * The least contrast of the text on a page, as WCAG 2.2 counts it; 4.5 is what small text needs. What is disabled or
 * behind an open dialog is not counted.
 */
export const lowestContrast = (page: Page): Promise<Contrast> =>
  page.evaluate(() => {
    const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number)
    const luminance = (color: readonly number[]) => {
      const [red = 0, green = 0, blue = 0] = color.map((value) => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const groundOf = (node: Element | null): readonly number[] => {
      if (!node) return [255, 255, 255]
      const color = channels(getComputedStyle(node).backgroundColor)
      return color.length === 3 || (color[3] ?? 0) === 1
        ? color.slice(0, 3)
        : groundOf(node.parentElement)
    }
    const root = document.querySelector('dialog[open]') ?? document.body
    const found = [...root.querySelectorAll('*')].flatMap((node) => {
      const own = [...node.childNodes].some(
        (child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim(),
      )
      const isShown = node.checkVisibility() && !(node as HTMLButtonElement).disabled
      if (!own || !isShown) return []
      const [front, back] = [
        luminance(channels(getComputedStyle(node).color).slice(0, 3)),
        luminance(groundOf(node)),
      ]
      const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
      return [{ ratio, text: (node.textContent ?? '').trim().slice(0, 40) }]
    })
    return found.reduce((least, each) => (each.ratio < least.ratio ? each : least))
  })
