/** One request: what was given beside what is known, and what may be done with it. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Clock } from '../../console/components/clock.tsx'
import { Facts } from '../../console/components/facts.tsx'
import { Loaded } from '../../console/components/listing.tsx'
import { intakeQuery } from '../../console/queries.ts'
import type { StaffIntake } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Button, TextLink } from '../../portal/components/button.tsx'
import { Notice, Tag } from '../../portal/components/notice.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import { intakeTones } from './state.ts'
import { type IntakeAct, IntakeSheet } from './intake-sheet.tsx'

export function IntakePane({ caseId }: { caseId: string }) {
  const query = useQuery(intakeQuery(caseId))
  return <Loaded query={query}>{(seen) => <Request seen={seen} />}</Loaded>
}

function Request({ seen }: { seen: StaffIntake }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <>
      <article className="case">
        <header className="casehead">
          <div className="min-w-0 grow">
            <p className="caption c3">
              <bdi className="mono">{seen.reference}</bdi> · {code('scope', seen.scope)} ·{' '}
              {format.country(seen.residence)}
            </p>
            <h2 className="head">
              {seen.subscriber
                ? t('intakes.about', { name: seen.subscriber.name || t('case.nameless') })
                : t('intakes.about-nobody')}
            </h2>
            <p className="c2 small">
              {t('intakes.received', {
                when: format.full(seen.receivedAt),
                due: format.full(seen.dueAt),
              })}
            </p>
          </div>
          <div className="deadline">
            {seen.reviewBy && <Clock due={seen.reviewBy} className="figure" />}
            <Tag tone={intakeTones[seen.state] ?? 'neutral'}>
              {code('intake-state', seen.state)}
            </Tag>
          </div>
        </header>
        <div className="casebody">
          <div className="casemain">
            <Said seen={seen} />
            <Answers seen={seen} />
          </div>
          <Beside seen={seen} />
        </div>
      </article>
      {seen.mayDecide && <Deciding seen={seen} />}
    </>
  )
}

function Said({ seen }: { seen: StaffIntake }) {
  const { t, code } = useConsoleWords()
  const asked = seen.asked.map((kind) => code('value-identityEvidence', kind)).join(' · ')
  return (
    <div className="notices">
      {!seen.subscriber && <Notice live={false}>{t('intakes.nobody')}</Notice>}
      {seen.asked.length > 0 && (
        <Notice live={false}>
          <b>{t('intakes.asked', { what: asked })}</b>{' '}
          <span className="break-words">{seen.note}</span>
        </Notice>
      )}
      {seen.refusal && (
        <Notice live={false}>
          {t('intakes.refused', { why: code('intake-refusal', seen.refusal) })}
        </Notice>
      )}
    </div>
  )
}

/** Whether an answer agrees is said in a word; that a reviewer decides, not the word. */
function Answers({ seen }: { seen: StaffIntake }) {
  const { t, code } = useConsoleWords()
  const verdict = (agrees: boolean | null) =>
    t(agrees === null ? 'intakes.unknown' : agrees ? 'intakes.agrees' : 'intakes.differs')
  return (
    <section aria-label={t('intakes.answers')}>
      <h3 className="strong">{t('intakes.answers')}</h3>
      {seen.answers.length === 0 ? (
        <p className="c2 small mt-1">{t('intakes.no-answers')}</p>
      ) : (
        <ul className="rows">
          {seen.answers.map(({ kind, given, agrees }) => (
            <li className="row" key={kind}>
              <span className="grow min-w-0">
                <span className="caption c3 block">{code('value-identityEvidence', kind)}</span>
                <bdi className="block break-words">{given}</bdi>
              </span>
              <Tag tone={agrees === null ? 'neutral' : agrees ? 'ok' : 'danger'}>
                {verdict(agrees)}
              </Tag>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Beside({ seen }: { seen: StaffIntake }) {
  const { t, code } = useConsoleWords()
  const value = seen.by === 'number' ? formatNumberE164(seen.value) : seen.value
  const { subscriber } = seen
  return (
    <aside className="caseside" aria-label={t('facts.title')}>
      <Facts
        title={t('intakes.given')}
        rows={[
          [code('intake-by', seen.by), <bdi key="value">{value}</bdi>],
          [t('intakes.contact'), <bdi key="contact">{seen.contact}</bdi>],
          [t('intakes.code'), t(seen.codeCanGo ? 'intakes.code-goes' : 'intakes.code-stays')],
          [t('facts.reason'), seen.reason ? code('reason', seen.reason) : t('facts.no-reason')],
        ]}
      >
        {seen.closureId && (
          <TextLink to={`/review/${seen.closureId}`}>{t('intakes.closure')}</TextLink>
        )}
      </Facts>
      {subscriber && (
        <section className="factbox">
          <h2 className="strong small">{t('facts.subscriber')}</h2>
          <TextLink
            to={`/subscribers/${subscriber.subscriberId}`}
            search={{ query: subscriber.name || undefined }}
          >
            {subscriber.name || t('facts.open-subscriber')}
          </TextLink>
          {subscriber.lineName && <p className="small c2">{subscriber.lineName}</p>}
        </section>
      )}
      <Facts
        title={t('intakes.may-ask')}
        rows={[
          [
            t('intakes.evidence'),
            seen.evidence.map((kind) => code('value-identityEvidence', kind)).join(', ') || '–',
          ],
          [t('rule.idCopyForRefundAllowed'), t(seen.idCopyAllowed ? 'intakes.yes' : 'intakes.no')],
        ]}
      />
    </aside>
  )
}

function Deciding({ seen }: { seen: StaffIntake }) {
  const { t } = useConsoleWords()
  const [act, setAct] = useState<IntakeAct>()
  const acts: readonly IntakeAct[] = ['accept', 'ask', 'refuse']
  return (
    <footer className="decide">
      <div className="decidebar">
        {acts.map((each) => (
          <Button key={each} kind="even" onClick={() => setAct(each)}>
            {t(`intakes.${each}`)}
          </Button>
        ))}
      </div>
      {act && <IntakeSheet seen={seen} act={act} onClose={() => setAct(undefined)} />}
    </footer>
  )
}
