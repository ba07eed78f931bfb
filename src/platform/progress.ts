/** A progress bar for a person at a terminal; silent wherever nobody watches. */

export type Progress = { at(done: number): void; end(): void }
type Screen = { isTTY?: boolean; columns?: number; write(text: string): unknown }

const everyMs = 100
const barWidth = 28

/** `total` is how much there will be, as far as known; 0 shows a count alone. */
export function openProgress(
  label: string,
  total: number,
  screen: Screen = process.stderr,
  nowMs: () => number = () => performance.now(),
): Progress {
  if (!screen.isTTY) return { at() {}, end() {} }
  const began = nowMs()
  let drawn = -Infinity
  return {
    at(done) {
      if (nowMs() - drawn < everyMs) return
      drawn = nowMs()
      const seconds = (drawn - began) / 1000
      const text = lineOf(label, done, total, seconds).slice(0, (screen.columns ?? 80) - 1)
      screen.write(`\r\u001b[2K${text}`)
    },
    end() {
      screen.write('\r\u001b[2K')
    },
  }
}

/** `Ledger  ██████░░░░  62 %  3,100,000 of 5,000,000  850,000/s`; an estimate that was too low stays at 99 %. */
export function lineOf(label: string, done: number, total: number, seconds: number): string {
  const figure = new Intl.NumberFormat('en')
  const rate = seconds > 0.5 ? `  ${figure.format(Math.round(done / seconds))}/s` : ''
  if (total <= 0) return `${label}  ${figure.format(done)}${rate}`
  const share = Math.min(done / total, 0.99)
  const full = Math.round(share * barWidth)
  const bar = '█'.repeat(full) + '░'.repeat(barWidth - full)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `${label}  ${bar} ${percent} %  ${figure.format(done)} of ${figure.format(Math.max(total, done))}${rate}`
}
