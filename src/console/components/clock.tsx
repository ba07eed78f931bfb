/** How long until a deadline, or how late it is; the colour repeats what the words say. */
import { cx } from '../../portal/components/cx.ts'
import { clockTone, type TimeLeft, timeLeft } from '../clock.ts'
import { useNow } from '../use-now.ts'
import { useConsoleWords } from '../words.tsx'

export function useClockText() {
  const { t } = useConsoleWords()
  const now = useNow()
  const spanText = useSpanText()
  return (due: string): string => {
    const left = timeLeft(due, now)
    const span = spanText(left)
    return left.late ? t('clock.late', { span }) : span
  }
}

export function useSpanText() {
  const { t } = useConsoleWords()
  return ({ days, hours, minutes }: Omit<TimeLeft, 'late'>): string => {
    if (days > 0) return t('clock.days', { days, hours })
    if (hours === 0) return t('clock.minutes', { minutes })
    return t('clock.hours', { hours, minutes: String(minutes).padStart(2, '0') })
  }
}

export function Clock({ due, className }: { due: string; className?: string }) {
  const text = useClockText()
  const now = useNow()
  return <span className={cx('num', clockTone(due, now), className)}>{text(due)}</span>
}
