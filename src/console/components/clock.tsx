/** How long until a deadline, or how late it is; the colour repeats what the words say. */
import { cx } from '../../portal/components/cx.ts'
import { clockTone, timeLeft } from '../clock.ts'
import { useNow } from '../use-now.ts'
import { useConsoleWords } from '../words.tsx'

export function useClockText() {
  const { t } = useConsoleWords()
  const now = useNow()
  return (due: string): string => {
    const { late, days, hours, minutes } = timeLeft(due, now)
    const span =
      days > 0
        ? t('clock.days', { days, hours })
        : hours > 0
          ? t('clock.hours', { hours, minutes: String(minutes).padStart(2, '0') })
          : t('clock.minutes', { minutes })
    return late ? t('clock.late', { span }) : span
  }
}

export function Clock({ due, className }: { due: string; className?: string }) {
  const text = useClockText()
  const now = useNow()
  return <span className={cx('num', clockTone(due, now), className)}>{text(due)}</span>
}
