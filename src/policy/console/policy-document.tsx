/** A policy document as a table: each rule in words, with its source and how sure that source
 * is. */
import { useQuery } from '@tanstack/react-query'
import { policyVersionsQuery } from '../../console/queries.ts'
import { useConsoleWords } from '../../console/words.tsx'
import type { Policy } from '../../console/wire.ts'
import { ButtonAnchor, ButtonLink } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { useValueText } from './value-text.ts'

type Value = { value: unknown; source: string; confidence: string; days?: string }
type Variant = Value & { segment?: string[]; plan?: string[] }
export type Rule = Value & { variants?: Variant[] }

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
  'loginGateAllowed',
  'identityEvidence',
  'buttonLabels',
  'reasonMode',
  'saveOfferMax',
  'withdrawalWindow',
  'noticeRule',
  'maxCloseTime',
  'coolingOff',
  'autoApprove',
  'reviewSla',
  'secondReviewAbove',
  'riskWindow',
  'riskWait',
  'ifLate',
  'holidayCalendar',
  'adultAge',
  'arrearsBlocks',
  'etfRule',
  'deathWaivesEtf',
  'refundRight',
  'idCopyForRefundAllowed',
  'paidDispositions',
  'promotionalDispositions',
  'promoRefundable',
  'driftTolerance',
  'refundFee',
  'refundFeeMax',
  'refundClaimWindow',
  'refundDeadline',
  'unclaimedRule',
  'lateUsageCap',
  'lateUsageWindow',
  'portCodeTtl',
  'portAfterEnd',
  'graceMax',
  'quarantineMin',
  'quarantineMax',
  'retention',
]

type Props = { policy: Policy; newest: number }

export function PolicyDocument({ policy, newest }: Props) {
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
        <Versions policy={policy} newest={newest} />
        <ButtonLink to={`/policies/${policy.country}/draft`} small>
          {t('policies.write')}
        </ButtonLink>
        <ButtonAnchor
          href={`data:application/json,${encodeURIComponent(text)}`}
          download={`policy-${policy.country}-${policy.version}.json`}
          icon="download"
          small
        >
          JSON
        </ButtonAnchor>
      </header>
      {policy.version !== newest && (
        <Notice tone="info" live={false}>
          {t('policies.older')}
        </Notice>
      )}
      <Notice live={false}>{t('policies.review')}</Notice>
      <RuleTable rules={rules} />
      <Notes notes={policy.document['notes']} />
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

/** Every version that was published; there is nothing to choose where there is one. */
function Versions({ policy: { country, version }, newest }: Props) {
  const { t } = useConsoleWords()
  const go = useGo()
  const query = useQuery(policyVersionsQuery(country))
  const versions = query.data ?? []
  if (versions.length < 2) return null
  const choose = (chosen: string) =>
    void go(`/policies/${country}`, {
      search: { version: chosen === String(newest) ? undefined : chosen },
    })
  return (
    <select
      className="pick"
      aria-label={t('policies.versions')}
      value={version}
      onChange={(event) => choose(event.target.value)}
    >
      {versions.map(({ version: one }) => (
        <option key={one} value={one}>
          {t('policies.version', { version: one })}
        </option>
      ))}
    </select>
  )
}

function Notes({ notes }: { notes: unknown }) {
  const { t } = useConsoleWords()
  if (!Array.isArray(notes) || notes.length === 0) return null
  return (
    <section className="casesect">
      <h2 className="strong">{t('policies.notes')}</h2>
      <ul>
        {notes.map((note) => (
          <li key={String(note)}>{String(note)}</li>
        ))}
      </ul>
    </section>
  )
}

/** The value, and below it for whom it differs, with the source of that. */
export function ValueText({ name, rule }: { name: string; rule: Rule }) {
  const { code } = useConsoleWords()
  const valueText = useValueText()
  const lines = ({ value, days }: Value) => {
    const unit = days && days !== 'calendar' && value !== null ? ` (${code('days', days)})` : ''
    return valueText(name, value).map((line) => line + unit)
  }
  const whom = ({ segment = [], plan = [] }: Variant) =>
    [
      ...segment.map((each) => code('segment', each)),
      ...plan.map((each) => code('plan-kind', each)),
    ].join(', ')
  return (
    <>
      {lines(rule).map((line, at) => (
        <span key={at} className="block">
          {line}
        </span>
      ))}
      {rule.variants?.map((variant, at) => (
        <span key={at} className="caption c2 block">
          {whom(variant)}: {lines(variant).join(' ')} · {variant.source}
        </span>
      ))}
    </>
  )
}

function RuleTable({ rules }: { rules: [string, Rule][] }) {
  const { t, code } = useConsoleWords()
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
        {rules.map(([name, rule]) => (
          <tr key={name}>
            <th scope="row">
              {code('rule', name)}
              <span className="mono caption c3 block">{name}</span>
            </th>
            <td data-head={t('policies.value')}>
              <ValueText name={name} rule={rule} />
            </td>
            <td data-head={t('policies.source')}>
              <span className="c2">{rule.source}</span>
              <span className="caption c3 block">
                {code('confidence', rule.confidence)} ({rule.confidence})
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
