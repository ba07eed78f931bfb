/** Numbers on their way to other operators: those under way, and codes that are out. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Loaded } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { portsQuery } from '../../console/queries.ts'
import type { StaffPort } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'

export function PortsPage() {
  const { t } = useConsoleWords()
  const query = useQuery(portsQuery)
  const columns = useColumns()
  return (
    <ConsolePage title={t('ports.title')}>
      <p className="c2">{t('ports.lead')}</p>
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="empty">{t('ports.empty')}</p>
          ) : (
            <Table
              caption={t('ports.title')}
              columns={columns}
              rows={rows}
              rowKey={({ portId }) => portId}
            />
          )
        }
      </Loaded>
    </ConsolePage>
  )
}

function useColumns(): Column<StaffPort>[] {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return [
    {
      key: 'number',
      head: t('ports.number'),
      cell: ({ msisdn }) => <bdi className="num">{formatNumberE164(msisdn)}</bdi>,
    },
    {
      key: 'who',
      head: t('ports.who'),
      cell: ({ subscriberId, name }) => (
        <Link {...linkProps({ to: `/subscribers/${subscriberId}` })} className="textbtn">
          {name}
        </Link>
      ),
    },
    {
      key: 'state',
      head: t('ports.state'),
      cell: ({ state }) => (
        <Tag tone={state === 'pending' ? 'info' : 'neutral'}>{code('port-state', state)}</Tag>
      ),
    },
    { key: 'to', head: t('ports.recipient'), cell: ({ recipient }) => recipient ?? '–' },
    {
      key: 'when',
      head: t('ports.when'),
      cell: ({ state, dueAt, codeExpiresAt }) =>
        format.moment(state === 'pending' && dueAt ? dueAt : codeExpiresAt, { year: true }),
    },
  ]
}
