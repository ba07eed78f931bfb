/** The simulator: past closures decided again under the draft, in time, money and reviews; nothing is written. */
import { useQuery } from '@tanstack/react-query'
import { Loaded } from '../../console/components/listing.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { policyReplayQuery } from '../../console/queries.ts'
import type { PolicyDraft, PolicyReplay } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { TextLink } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'

export function DraftReplay({ draft }: { draft: PolicyDraft }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const hasErrors = draft.document === null
  if (hasErrors) return <p className="empty">{t('replay.errors')}</p>
  return (
    <div className="replay">
      <p className="c2">{t('replay.what', { country: format.country(draft.country) })}</p>
      <Replayed country={draft.country} version={draft.version} />
    </div>
  )
}

function Replayed({ country, version }: { country: string; version: number }) {
  const { t } = useConsoleWords()
  const query = useQuery(policyReplayQuery(country, version))
  return (
    <Loaded query={query}>
      {(replay) =>
        replay.cases === 0 ? (
          <p className="empty">{t('replay.none')}</p>
        ) : (
          <Result replay={replay} />
        )
      }
    </Loaded>
  )
}

function Result({ replay }: { replay: PolicyReplay }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const { cases, differing, isPart, examples } = replay
  return (
    <>
      <p className="strong" role="status">
        {t('replay.cases', { count: cases, differing: format.number(differing) })}
      </p>
      {isPart && <Notice live={false}>{t('replay.part', { count: cases })}</Notice>}
      <Figures replay={replay} />
      <p className="caption c3">{t('replay.plans')}</p>
      {examples.length > 0 && <Examples examples={examples} />}
    </>
  )
}

type Line = { key: string; head: string; before: string; draft: string }

function Figures({ replay }: { replay: PolicyReplay }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const { reviews, hoursMean, refunds, ends, refundsBy, numbersFree, choicesGone } = replay
  const hours = (count: number) => t('replay.hours-count', { count: format.number(count, 1) })
  const counted: Line[] = [
    {
      key: 'reviews',
      head: t('replay.reviews'),
      before: format.number(reviews.before),
      draft: format.number(reviews.draft),
    },
    {
      key: 'hours',
      head: t('replay.hours'),
      before: hours(hoursMean.before),
      draft: hours(hoursMean.draft),
    },
    ...Object.entries(refunds).map(([currency, { before, draft }]) => ({
      key: currency,
      head: t('replay.refunds', { currency }),
      before: format.money({ amount: before, currency }),
      draft: format.money({ amount: draft, currency }),
    })),
  ]
  const moved = ({ sooner, same, later }: PolicyReplay['ends']) =>
    t('replay.moved', {
      sooner: format.number(sooner),
      same: format.number(same),
      later: format.number(later),
    })
  const columns: Column<Line>[] = [
    { key: 'head', head: t('replay.figure'), cell: ({ head }) => <span>{head}</span> },
    { key: 'before', head: t('replay.before'), cell: ({ before }) => <span>{before}</span> },
    { key: 'draft', head: t('replay.draft'), cell: ({ draft }) => <span>{draft}</span> },
  ]
  return (
    <>
      <Table
        caption={t('replay.figures')}
        columns={columns}
        rows={counted}
        rowKey={({ key }) => key}
      />
      <dl className="kv wide">
        {(
          [
            ['ends', moved(ends)],
            ['refunds-by', moved(refundsBy)],
            ['numbers', moved(numbersFree)],
            ['choices-gone', format.number(choicesGone)],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{t(`replay.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

type Example = PolicyReplay['examples'][number]

function Examples({ examples }: { examples: readonly Example[] }) {
  const { t } = useConsoleWords()
  const columns: Column<Example>[] = [
    {
      key: 'case',
      head: t('replay.case'),
      cell: ({ caseId, reference }) => <TextLink to={`/review/${caseId}`}>{reference}</TextLink>,
    },
    { key: 'before', head: t('replay.before'), cell: ({ before }) => <Side side={before} /> },
    { key: 'draft', head: t('replay.draft'), cell: ({ draft }) => <Side side={draft} /> },
  ]
  return (
    <section className="casesect">
      <h2 className="strong">{t('replay.examples')}</h2>
      <Table
        caption={t('replay.examples')}
        columns={columns}
        rows={examples}
        rowKey={({ caseId }) => caseId}
      />
    </section>
  )
}

function Side({ side: { reviewed, endsAt, refunds, refundBy } }: { side: Example['before'] }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const sums = refunds.filter(({ amount }) => !/^0+(\.0+)?$/.test(amount)).map(format.money)
  return (
    <>
      <span className="block">{format.moment(endsAt)}</span>
      <span className="caption c2 block">
        {t(reviewed ? 'replay.reviewed' : 'replay.straight')} ·{' '}
        {sums.length === 0 || refundBy === null
          ? t('replay.no-refund')
          : t('replay.refund', { amount: format.list(sums), by: format.day(refundBy) })}
      </span>
    </>
  )
}
