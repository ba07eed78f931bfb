/** One case with everything a decision rests on: answer and clock above, money, checks, history,
 * facts beside. */
import { useQuery } from '@tanstack/react-query'
import { timeLeft, urgency } from '../../console/clock.ts'
import { Clock, useSpanText } from '../../console/components/clock.tsx'
import { Loaded, WaitingRows } from '../../console/components/listing.tsx'
import { caseQuery } from '../../console/queries.ts'
import { useNow } from '../../console/use-now.ts'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Notice, Tag, type Tone } from '../../portal/components/notice.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import { CaseAttention } from './case-attention.tsx'
import { Appeal, HoldButton } from './case-hold.tsx'
import { CaseChecks } from './case-checks.tsx'
import { CaseDecision } from './case-decision.tsx'
import { CaseEvents } from './case-events.tsx'
import { CaseFacts } from './case-facts.tsx'
import { CaseQuestions } from './case-questions.tsx'
import { CaseMoney } from './case-money.tsx'
import { tones } from './state.ts'

export function CasePane({ caseId, onDecided }: { caseId: string; onDecided: () => void }) {
  const query = useQuery(caseQuery(caseId))
  return (
    <Loaded query={query} skeleton={<WaitingRows count={10} />}>
      {(seen) => (
        <>
          <article className="case">
            <CaseHead seen={seen} />
            <div className="casebody">
              <div className="casemain">
                <CaseNotices seen={seen} />
                <CaseMoney closure={seen.closure} />
                <CaseChecks seen={seen} />
                <CaseQuestions seen={seen} />
                <CaseEvents events={seen.events} />
              </div>
              <CaseFacts seen={seen} />
            </div>
          </article>
          <CaseDecision seen={seen} onDecided={onDecided} reload={() => void query.refetch()} />
        </>
      )}
    </Loaded>
  )
}

function CaseHead({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { closure, subscriber } = seen
  const name = subscriber.name || t('case.nameless')
  const what =
    closure.scope === 'account'
      ? t('case.closes-account', { name })
      : t('case.closes-line', { name, line: closure.lineName ?? '' })
  const goesOn = closure.state === 'rejected' || closure.state === 'withdrawn'
  const ends = goesOn ? undefined : (closure.serviceEndedAt ?? closure.quote?.endsAt)
  return (
    <header className="casehead">
      <div className="min-w-0 grow">
        <p className="caption c3">
          <bdi className="mono">{closure.reference}</bdi> · {code('scope', closure.scope)} ·{' '}
          {t('case.policy', {
            country: format.country(closure.policy.country),
            version: closure.policy.version,
          })}
        </p>
        <h2 className="head">{what}</h2>
        <p className="c2 small">
          {closure.msisdn && <bdi className="num">{formatNumberE164(closure.msisdn)}</bdi>}
          {closure.msisdn && ends && ' · '}
          {ends &&
            t(closure.serviceEndedAt ? 'case.ended' : 'case.ends', { when: format.full(ends) })}
        </p>
      </div>
      <Deadline seen={seen} />
    </header>
  )
}

function Deadline({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { state, dueAt, policy, closedAt } = seen.closure
  const late = urgency(dueAt, useNow()) === 'late'
  // Of what is held no clock decides, and it is late all the same.
  const review = seen.closure.timeline.find(({ key }) => key === 'review')
  if (state === 'on_hold' && review?.state === 'late' && dueAt) {
    return (
      <div className="deadline">
        <span className="caption c3">{t('case.breached')}</span>
        <Clock due={dueAt} className="figure" />
        <Tag tone={tones[state] ?? 'neutral'}>{code('state', state)}</Tag>
      </div>
    )
  }
  if (state === 'in_review' && dueAt) {
    return (
      <div className="deadline">
        <span className="caption c3">{t(late ? 'case.breached' : 'case.breach-in')}</span>
        <Clock due={dueAt} className="figure" />
        <span className="caption c3">
          {t('case.then', {
            when: format.moment(dueAt, { weekday: true }),
            what: code('if-late', policy.ifLate),
          })}
        </span>
      </div>
    )
  }
  if (seen.reviewLeftMs !== null && state === 'needs_customer') return <Stands seen={seen} />
  const tone: Tone = tones[state] ?? 'neutral'
  const when = closedAt ?? dueAt
  return (
    <div className="deadline">
      <Tag tone={tone}>{code('state', state)}</Tag>
      {when && <span className="caption c3">{format.full(when)}</span>}
    </div>
  )
}

/** The clock of a review that waits for an answer: how much is left when it goes on. */
function Stands({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const spanText = useSpanText()
  const left = new Date(seen.reviewLeftMs ?? 0).toISOString()
  return (
    <div className="deadline">
      <Tag tone="warn">{code('state', seen.closure.state)}</Tag>
      <span className="caption c3">
        {t('case.clock-stands', { span: spanText(timeLeft(left, 0)) })}
      </span>
    </div>
  )
}

function CaseNotices({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { closure, risk } = seen
  return (
    <div className="notices">
      {seen.attention && <CaseAttention seen={seen} attention={seen.attention} />}
      <LateRefunds closure={closure} />
      {seen.appeal && <Appeal appeal={seen.appeal} />}
      <HoldButton seen={seen} />
      {!seen.chainIntact && <Notice tone="danger">{t('case.chain-broken')}</Notice>}
      {risk.level !== 'low' && (
        <Notice tone="warn" live={false}>
          <b>{t('case.risk', { level: code('risk', risk.level) })}</b>{' '}
          {risk.signals.map(({ key, at }) => (
            <span key={key} className="block">
              {at
                ? t('facts.signal-at', { signal: code('signal', key), when: format.day(at) })
                : code('signal', key)}
            </span>
          ))}
        </Notice>
      )}
      <TwoApprove seen={seen} />
      {closure.rejection && (
        <Notice live={false}>
          <b>{t('case.rejected', { why: code('reject', closure.rejection.code) })}</b>{' '}
          {closure.rejection.note}
        </Notice>
      )}
    </div>
  )
}

/** On their way past the day that was promised: where to look for each. */
function LateRefunds({ closure }: { closure: StaffCase['closure'] }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return closure.refunds
    .filter(({ isLate }) => isLate)
    .map(({ refundId, amount, instrument, accountEnding }) => (
      <Notice key={refundId} tone="warn" live={false}>
        <p>
          <b>
            {t('case.refund-late', {
              amount: format.money(amount),
              to: accountEnding ?? instrument,
            })}
          </b>
        </p>
        <p className="mt-1">{t('case.refund-late-advice', { refund: refundId })}</p>
      </Notice>
    ))
}

/** Why one person is not enough, and who has approved so far. */
function TwoApprove({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { approvals, closure } = seen
  if (closure.state !== 'in_review' || approvals.whyTwo.length === 0) return null
  const why = format.list(approvals.whyTwo.map((each) => code('why-two', each)))
  return (
    <Notice tone="info" live={false}>
      <b>{t('case.two', { why })}</b>{' '}
      {approvals.first
        ? t('case.half', { name: approvals.first.by, when: format.moment(approvals.first.at) })
        : t('case.none-yet')}
    </Notice>
  )
}
