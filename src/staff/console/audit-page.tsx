/** Who did what, when and why: newest first, never changed. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Listing } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { auditQuery } from '../../console/queries.ts'
import type { AuditRow } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { TextLink } from '../../portal/components/button.tsx'
import { useFormat } from '../../portal/use-format.ts'

export function AuditPage() {
  const { t } = useConsoleWords()
  const query = useInfiniteQuery(auditQuery)
  const columns = useColumns()
  return (
    <ConsolePage title={t('audit.title')} aside={t('audit.aside')}>
      <Listing query={query} empty={t('audit.empty')}>
        {(items) => (
          <Table
            caption={t('audit.title')}
            columns={columns}
            rows={items}
            rowKey={({ auditId }) => auditId}
          />
        )}
      </Listing>
    </ConsolePage>
  )
}

function useColumns(): Column<AuditRow>[] {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return [
    {
      key: 'at',
      head: t('audit.at'),
      cell: ({ at }) => <span className="num nowrap">{format.moment(at)}</span>,
    },
    {
      key: 'who',
      head: t('audit.who'),
      cell: ({ actorKind, actor }) => (
        <>
          {actorKind === 'system' ? (
            code('actor', 'system')
          ) : (
            <bdi className="break-all">{actor}</bdi>
          )}
          {actorKind !== 'system' && (
            <span className="caption c3 block">{code('actor', actorKind)}</span>
          )}
        </>
      ),
    },
    { key: 'what', head: t('audit.what'), cell: ({ action }) => code('action', action) },
    { key: 'on', head: t('audit.on'), cell: (row) => <Subject row={row} /> },
    {
      key: 'why',
      head: t('audit.why'),
      cell: ({ reason, subjectKind }) => (
        <span className="c2">
          {code(subjectKind === 'usage-reject' ? 'reject-reason' : 'why', reason)}
        </span>
      ),
    },
  ]
}

const places: Record<string, string> = {
  closure: '/review/',
  ticket: '/tickets/',
}

function Subject({ row: { subjectKind, subjectId } }: { row: AuditRow }) {
  const { code } = useConsoleWords()
  const place = places[subjectKind]
  return (
    <>
      {place ? (
        <TextLink to={place + subjectId}>{code('subject', subjectKind)}</TextLink>
      ) : (
        code('subject', subjectKind)
      )}
      <bdi className="mono caption c3 block">{subjectId}</bdi>
    </>
  )
}
