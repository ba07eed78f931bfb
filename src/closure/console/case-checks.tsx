/** What was checked before anybody decides: fine with its fact, or what is open. */
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { cx } from '../../portal/components/cx.ts'
import { Icon } from '../../portal/components/icon.tsx'
import { useFormat } from '../../portal/use-format.ts'

export function CaseChecks({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const fact = useFact()
  const { checks, chainIntact } = seen
  const rows = [...checks, { key: 'history', ok: chainIntact, detail: '' }]
  return (
    <section className="casesect">
      <h2 className="strong">{t('checks.title')}</h2>
      <ul className="checks">
        {rows.map(({ key, ok, detail }) => (
          <li key={key}>
            <span className={cx('mark', ok ? 'ok' : 'warn')}>
              <Icon name={ok ? 'check' : 'warn'} size="s" />
              <span className="sr-only">{t(ok ? 'checks.fine' : 'checks.open')}</span>
            </span>
            <span className="grow">{code('check', key)}</span>
            <span className="c3 figures">
              {detail && detail.trim() !== '0'
                ? fact(detail)
                : code(ok ? 'check-fine' : 'check-open', key)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Facts come as plain text; a moment among them is shown as a day. */
function useFact() {
  const format = useFormat()
  return (detail: string): string =>
    detail.replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, (instant) => format.day(instant, { year: true }))
}
