/** Script of the page: draws the embedded charts with uPlot, in the colours of the page, again when those change. */
export const drawScript = `'use strict'
const charts = JSON.parse(document.getElementById('charts').textContent)
const sync = uPlot.sync('time')
let drawn = []

const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()
const numberText = (value, digits) =>
  value == null ? '–' : value.toLocaleString('en-US', value !== 0 && Math.abs(value) < 1
    ? { maximumSignificantDigits: 4 } : { minimumFractionDigits: digits, maximumFractionDigits: digits })
const axisText = (value) => {
  const size = Math.abs(value)
  if (size >= 1e6) return value.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 2 })
  return value.toLocaleString('en-US', size >= 100 ? { maximumFractionDigits: 4 } : { maximumSignificantDigits: 4 })
}
const timeText = (seconds) => seconds == null ? '–' : new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

// Coarsest first: [from seconds between ticks, tick, second line when year, day or minute changes].
const timeTicks = [
  [31536000, '{YYYY}', null, null, null, null, null, null, 1],
  [2419200, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86400, '{MM}-{DD}', '\\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\\n{YYYY}-{MM}-{DD}', null, '\\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\\n{YYYY}-{MM}-{DD}', null, '\\n{MM}-{DD}', null, null, null, 1],
  [0.001, '{ss}.{fff}', '\\n{YYYY}-{MM}-{DD} {HH}:{mm}', null, '\\n{MM}-{DD} {HH}:{mm}', null, '\\n{HH}:{mm}', null, 1],
]

function optionsOf(chart, width) {
  const isTime = chart.x === 'time'
  const axis = {
    stroke: colorOf('muted'), font: '11px system-ui, sans-serif', labelFont: '11px system-ui, sans-serif', labelSize: 18,
    grid: { stroke: colorOf('grid'), width: 1 }, ticks: { stroke: colorOf('grid'), width: 1, size: 4 },
  }
  const xAxis = { ...axis, label: chart.xLabel, size: 32 }
  if (isTime) {
    xAxis.size = 44
    xAxis.values = timeTicks
  } else {
    xAxis.splits = () => chart.columns[0]
    xAxis.filter = (self, splits) => splits
    xAxis.values = (self, splits) => splits.map(axisText)
  }
  const yAxis = { ...axis, label: chart.yLabel, size: 64, values: (self, splits) => splits.map(axisText) }
  const series = chart.series.map((one) => ({
    label: one.label, stroke: colorOf(one.color), width: one.color === 'own' || one.color === 'loss' ? 1.5 : 1.25,
    dash: one.color === 'third' && chart.x === 'time' ? [6, 4] : undefined,
    fill: one.isFilled ? colorOf(one.color) + '26' : undefined,
    points: { show: Boolean(one.hasPoints), size: 7, fill: colorOf(one.color) },
    value: (self, value) => numberText(value, one.digits), spanGaps: false,
  }))
  const zero = { hooks: { drawAxes: [(self) => {
    const y = Math.round(self.valToPos(0, 'y', true))
    const { left, top, width: w, height: h } = self.bbox
    if (y <= top || y >= top + h) return
    self.ctx.save()
    self.ctx.strokeStyle = colorOf('muted')
    self.ctx.lineWidth = devicePixelRatio
    self.ctx.beginPath()
    self.ctx.moveTo(left, y)
    self.ctx.lineTo(left + w, y)
    self.ctx.stroke()
    self.ctx.restore()
  }] } }
  const x = isTime ? { time: true } : { time: false, distr: chart.x === 'seconds' ? 3 : 1, log: 10 }
  if (chart.x === 'fee') x.range = [chart.columns[0][0] - 0.5, chart.columns[0].at(-1) + 0.5]
  if (chart.x === 'seconds') x.range = [chart.columns[0][0] / 1.4, chart.columns[0].at(-1) * 1.4]
  const isTall = chart.id === 'equity'
  return {
    width, height: isTall ? 300 : 190, scales: { x }, axes: [xAxis, yAxis], plugins: [zero],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: isTime ? { sync: { key: sync.key }, points: { size: 6 } } : { drag: { x: false, y: false } },
    legend: { live: true },
    series: [{ label: isTime ? 'UTC' : chart.x === 'fee' ? 'fee, bps' : 'seconds',
      value: (self, value) => isTime ? timeText(value) : numberText(value, chart.x === 'fee' ? 1 : 0) }, ...series],
  }
}

function draw() {
  for (const plot of drawn) plot.destroy()
  drawn = charts.map((chart) => {
    const place = document.getElementById('chart-' + chart.id)
    return new uPlot(optionsOf(chart, place.clientWidth), chart.columns, place)
  })
}

let width = 0
new ResizeObserver(() => {
  const now = document.documentElement.clientWidth
  if (now === width) return
  width = now
  draw()
}).observe(document.documentElement)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
addEventListener('beforeprint', draw)
`
