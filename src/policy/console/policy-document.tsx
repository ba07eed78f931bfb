/** A policy document as a table: each rule in words, with its source and how sure that source
 * is. */
import { useConsoleWords } from '../../console/words.tsx'
import type { Policy } from '../../console/wire.ts'
import { ButtonAnchor } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { useValueText } from './value-text.ts'

type Rule = { value: unknown; source: string; confidence: string }

function rulesOf({ document }: Policy): [string, Rule][] {
  const rules = document['rules']
  if (typeof rules !== 'object' || rules === null) return []
  const place = (name: string) => (order.indexOf(name) + 1 || order.length + 1) - 1
  return Object.entries(rules as Record<string, Rule>).sort(
    ([left], [right]) => place(left) - place(right),
  )
}

/** As closing goes: asking, deciding, money, afterwards. A rule newer than this console comes
 * last. */
const order: readonly string[] = [
  'buttonLabels',
  'reasonMode',
  'coolingOff',
  'autoApprove',
  'reviewSla',
  'ifLate',
  'paidDispositions',
  'promotionalDispositions',
  'promoRefundable',
  'driftTolerance',
  'refundDeadline',
  'quarantineMin',
  'retention',
]

export function PolicyDocument({ policy }: { policy: Policy }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const rules = rulesOf(policy)
  const text = JSON.stringify(policy.document, null, 2)
  const used = [...new Set(rules.map(([, { confidence }]) => confidence))]
  return (
    <article className="case policy">
      <header className="casehead">
        <div className="grow">
          <p className="caption c3">
            {t('policies.version', { version: policy.version })} ·{' '}
            {t('policies.published', { when: format.full(policy.publishedAt) })} ·{' '}
            {String(policy.document['timeZone'] ?? '')}
          </p>
          <h2 className="head">{format.country(policy.country)}</h2>
        </div>
        <ButtonAnchor
          href={`data:application/json,${encodeURIComponent(text)}`}
          download={`policy-${policy.country}-${policy.version}.json`}
          icon="download"
          small
        >
          JSON
        </ButtonAnchor>
      </header>
      <Notice live={false}>{t('policies.review')}</Notice>
      <RuleTable rules={rules} />
      <section className="casesect">
        <h2 className="strong">{t('policies.confidence')}</h2>
        <dl className="kv legend">
          {used.map((letter) => (
            <div key={letter}>
              <dt>{letter}</dt>
              <dd>{code('confidence', letter)}</dd>
            </div>
          ))}
        </dl>
      </section>
    </article>
  )
}

function RuleTable({ rules }: { rules: [string, Rule][] }) {
  const { t, code } = useConsoleWords()
  const valueText = useValueText()
  return (
    <table className="table rules">
      <caption className="sr-only">{t('policies.rules')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('policies.rule')}</th>
          <th scope="col">{t('policies.value')}</th>
          <th scope="col">{t('policies.source')}</th>
        </tr>
      </thead>
      <tbody>
        {rules.map(([name, { value, source, confidence }]) => (
          <tr key={name}>
            <th scope="row">
              {code('rule', name)}
              <span className="mono caption c3 block">{name}</span>
            </th>
            <td data-head={t('policies.value')}>
              {valueText(name, value).map((line, at) => (
                <span key={at} className="block">
                  {line}
                </span>
              ))}
            </td>
            <td data-head={t('policies.source')}>
              <span className="c2">{source}</span>
              <span className="caption c3 block">
                {code('confidence', confidence)} ({confidence})
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
