/** What stands beside a case: the subscriber, the policy it is pinned to, the risk, what is
 * kept. */
import { Facts } from '../../console/components/facts.tsx'
import { RiskMark } from '../../console/components/risk.tsx'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { TextLink } from '../../portal/components/button.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { knownLocale, localeNames } from '../../values/locale.ts'

export function CaseFacts({ seen }: { seen: StaffCase }) {
  const { t } = useConsoleWords()
  return (
    <aside className="caseside" aria-label={t('facts.title')}>
      <SubscriberFacts seen={seen} />
      <PolicyFacts seen={seen} />
      <RiskFacts seen={seen} />
      {seen.closure.kept.length > 0 && <KeptFacts seen={seen} />}
    </aside>
  )
}

function SubscriberFacts({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { subscriber, closure } = seen
  const texts = closure.choices.texts && closure.quote?.allowed.textsUntil
  const reason = closure.reason ? code('reason', closure.reason) : t('facts.no-reason')
  return (
    <Facts
      title={t('facts.subscriber')}
      rows={[
        [t('facts.since'), format.day(subscriber.since, { year: true })],
        [t('facts.lines'), t('facts.line-count', { count: subscriber.lines })],
        [t('facts.country'), subscriber.country ? format.country(subscriber.country) : '–'],
        [t('facts.language'), localeNames[knownLocale(subscriber.locale)]],
        [t('facts.reason'), reason],
        ...(texts ? [[t('facts.texts'), format.moment(texts)] as const] : []),
        ...(closure.reasonText ? [[t('facts.words'), closure.reasonText] as const] : []),
        ...subscriber.contacts.map(
          ({ kind, masked }) => [code('contact', kind), <bdi key={masked}>{masked}</bdi>] as const,
        ),
      ]}
    >
      <TextLink
        to={`/subscribers/${subscriber.subscriberId}`}
        search={{ query: closure.reference }}
      >
        {t('facts.open-subscriber')}
      </TextLink>
    </Facts>
  )
}

function PolicyFacts({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { policy, quote } = seen.closure
  return (
    <Facts
      title={t('case.policy', { country: format.country(policy.country), version: policy.version })}
      rows={[
        [t('facts.review'), t(policy.reviewed ? 'facts.by-person' : 'facts.straight')],
        [t('facts.if-late'), code('if-late', policy.ifLate)],
        [t('facts.reason-mode'), code('reason-mode', policy.reasonMode)],
        ...(quote?.refundBy
          ? [[t('facts.refund-by'), format.day(quote.refundBy, { weekday: true })] as const]
          : []),
        ...(quote?.numberKeptUnusedUntil
          ? [
              [
                t('facts.number-free'),
                format.day(quote.numberKeptUnusedUntil, { year: true }),
              ] as const,
            ]
          : []),
      ]}
    >
      <TextLink to={`/policies/${policy.country}`}>{t('facts.open-policy')}</TextLink>
    </Facts>
  )
}

function RiskFacts({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { level, signals } = seen.risk
  return (
    <section className="factbox">
      <h2 className="strong small">{t('facts.risk')}</h2>
      <p className="small c2">
        <RiskMark level={level} /> {t('facts.signals', { count: signals.length })}
      </p>
      {signals.length > 0 && (
        <ul className="small c2">
          {signals.map(({ key, at }) => (
            <li key={key}>
              {at
                ? t('facts.signal-at', { signal: code('signal', key), when: format.day(at) })
                : code('signal', key)}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function KeptFacts({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <Facts
      title={t('facts.kept')}
      rows={seen.closure.kept.map(({ category, until, erasedAt }) => [
        code('kept', category),
        erasedAt
          ? t('facts.erased', { when: format.day(erasedAt, { year: true }) })
          : until
            ? t('facts.until', { when: format.day(until, { year: true }) })
            : '–',
      ])}
    />
  )
}
