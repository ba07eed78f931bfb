/** One subscriber as staff see them: contacts, lines, closures. */
import { SuspensionActions } from '../../lines/console/suspension-sheet.tsx'
import { Facts } from '../../console/components/facts.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import type { StaffSubscriber } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { TextLink } from '../../portal/components/button.tsx'
import { Tag, type Tone } from '../../portal/components/notice.tsx'
import { CopyButton } from '../../portal/copy.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import { ActingSection } from './acting-section.tsx'

export function SubscriberPane({ person }: { person: StaffSubscriber }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <article className="case">
      <header className="casehead">
        <div className="min-w-0 grow">
          <p className="caption c3">
            {t('subscribers.since', { when: format.day(person.since, { year: true }) })}
            {person.country && ` · ${format.country(person.country)}`}
            {person.segment !== 'consumer' && ` · ${code('segment', person.segment)}`}
          </p>
          <h2 className="head">{person.name || t('case.nameless')}</h2>
          <p className="caption c3 copyid">
            <bdi className="mono">{person.subscriberId}</bdi>
            <CopyButton text={person.subscriberId} label={t('subscribers.copy-id')} />
          </p>
        </div>
        <div className="deadline">
          <Tag tone={person.state === 'active' ? 'ok' : 'neutral'}>
            {code('subscriber-state', person.state)}
          </Tag>
        </div>
      </header>
      <Facts
        title={t('subscribers.contacts')}
        rows={person.contacts.map(({ kind, value }) => [
          code('contact', kind),
          <bdi key={value}>{kind === 'phone' ? formatNumberE164(value) : value}</bdi>,
        ])}
      >
        {person.contacts.length === 0 && <p className="c2 small">{t('subscribers.no-contact')}</p>}
      </Facts>
      <Lines subscriberId={person.subscriberId} lines={person.lines} />
      <ActingSection person={person} />
      <Closures closures={person.closures} />
    </article>
  )
}

type Line = StaffSubscriber['lines'][number]

const lineTones: Record<string, Tone> = { active: 'ok', suspended: 'danger', closing: 'warn' }

function Lines({ subscriberId, lines }: { subscriberId: string; lines: readonly Line[] }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const columns: Column<Line>[] = [
    {
      key: 'name',
      head: t('subscribers.line'),
      cell: ({ nickname, planName }) => nickname || format.words(planName),
    },
    { key: 'plan', head: t('subscribers.plan'), cell: ({ planName }) => format.words(planName) },
    {
      key: 'number',
      head: t('subscribers.number'),
      cell: ({ msisdn }) => <bdi className="num">{msisdn ? formatNumberE164(msisdn) : '–'}</bdi>,
    },
    {
      key: 'state',
      head: t('subscribers.state'),
      cell: ({ state, suspensions }) => (
        <>
          <Tag tone={lineTones[state] ?? 'neutral'}>{code('line-state', state)}</Tag>
          {suspensions.length > 0 && (
            <span className="caption c3 block">
              {t('subscribers.suspended-by', {
                who: format.list(suspensions.map((one) => code('suspension-cause', one))),
              })}
            </span>
          )}
        </>
      ),
    },
    {
      key: 'actions',
      head: t('subscribers.actions'),
      cell: (line) => <SuspensionActions subscriberId={subscriberId} line={line} />,
    },
  ]
  return (
    <section className="casesect">
      <h2 className="strong">{t('subscribers.lines')}</h2>
      {lines.length === 0 ? (
        <p className="c2 small">{t('subscribers.no-lines')}</p>
      ) : (
        <Table
          caption={t('subscribers.lines')}
          columns={columns}
          rows={lines}
          rowKey={({ lineId }) => lineId}
        />
      )}
    </section>
  )
}

type Closure = StaffSubscriber['closures'][number]

function Closures({ closures }: { closures: readonly Closure[] }) {
  const { t, code } = useConsoleWords()
  const columns: Column<Closure>[] = [
    {
      key: 'reference',
      head: t('refunds.reference'),
      cell: ({ caseId, reference }) => <TextLink to={`/review/${caseId}`}>{reference}</TextLink>,
    },
    { key: 'state', head: t('subscribers.state'), cell: ({ state }) => code('state', state) },
  ]
  return (
    <section className="casesect">
      <h2 className="strong">{t('subscribers.closures')}</h2>
      {closures.length === 0 ? (
        <p className="c2 small">{t('subscribers.no-closures')}</p>
      ) : (
        <Table
          caption={t('subscribers.closures')}
          columns={columns}
          rows={closures}
          rowKey={({ caseId }) => caseId}
        />
      )}
    </section>
  )
}
