/** A bar on stderr that follows long work; silent when nobody looks. */
export type Progress = {
  /** @param done - out of the total, in the unit that was named */
  show(done: number, note?: string): void
  /** Clears the bar so that other lines may follow. */
  end(): void
}

export type ProgressOptions = {
  readonly total: number
  /** Done before this run began: left out of the speed, or a resumed run would promise too much. */
  readonly doneBefore?: number
  readonly unit: string
  readonly stream?: {
    readonly isTTY?: boolean
    readonly columns?: number
    write(text: string): unknown
  }
  /** Milliseconds on a clock that never goes back. */
  readonly nowMs?: () => number
}

const redrawEveryMs = 100
const barCells = 24

/** A progress bar with speed and time left. Draws only on a terminal. */
export function createProgress(options: ProgressOptions): Progress {
  const { total, doneBefore = 0, unit, stream = process.stderr } = options
  const nowMs = options.nowMs ?? (() => performance.now())
  const startMs = nowMs()
  let drawnMs = Number.NEGATIVE_INFINITY
  let isDrawn = false
  return {
    show(done, note = '') {
      if (stream.isTTY !== true) return
      const now = nowMs()
      if (now - drawnMs < redrawEveryMs && done < total) return
      drawnMs = now
      isDrawn = true
      const seconds = Math.max(1e-3, (now - startMs) / 1_000)
      const line = progressLine({ done, total, unit, perSecond: (done - doneBefore) / seconds })
      stream.write(
        `\r\u001b[2K${`${line} ${note}`.trimEnd().slice(0, (stream.columns ?? 100) - 1)}`,
      )
    },
    end() {
      if (isDrawn) stream.write('\r\u001b[2K')
      isDrawn = false
    },
  }
}

/** One line: bar, share, count, speed, time left. */
export function progressLine(at: {
  readonly done: number
  readonly total: number
  readonly unit: string
  readonly perSecond: number
}): string {
  const share = at.total > 0 ? Math.min(1, at.done / at.total) : 1
  const filled = Math.floor(share * barCells)
  const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled)
  const left = at.perSecond > 0 ? duration((at.total - at.done) / at.perSecond) : '–'
  const speed = at.perSecond >= 10 ? at.perSecond.toFixed(0) : at.perSecond.toFixed(1)
  return `${bar} ${Math.floor(share * 100)} % · ${at.done}/${at.total} ${at.unit} · ${speed}/s · ${left} left`
}

/** Seconds for people: `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}
