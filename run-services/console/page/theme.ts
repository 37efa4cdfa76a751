/** The colours of theme.css that canvases need: they cannot read style sheets by themselves. */
export type Theme = {
  readonly panel: string
  readonly line: string
  readonly grid: string
  readonly muted: string
  readonly up: string
  readonly down: string
  readonly upLine: string
  readonly downLine: string
  readonly total: string
  readonly series: readonly string[]
}

const light = matchMedia('(prefers-color-scheme: light)')

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    panel: colour('panel'),
    line: colour('line'),
    grid: colour('grid'),
    muted: colour('muted'),
    up: colour('up'),
    down: colour('down'),
    upLine: colour('up-line'),
    downLine: colour('down-line'),
    total: colour('total'),
    series: [1, 2, 3, 4, 5, 6].map((number) => colour(`series-${number}`)),
  }
}

/** Calls `redraw` when the machine goes over to light or dark. */
export const onThemeChange = (redraw: () => void): void => light.addEventListener('change', redraw)
