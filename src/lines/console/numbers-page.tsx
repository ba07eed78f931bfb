/** The inventory of numbers: how many there are by country and type, and how many are left. */
import { useQuery } from '@tanstack/react-query'
import { Loaded } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { numbersQuery } from '../../console/queries.ts'
import type { NumberStock } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'

export function NumbersPage() {
  const { t } = useConsoleWords()
  const query = useQuery(numbersQuery)
  const columns = useColumns()
  return (
    <ConsolePage title={t('numbers.title')}>
      <p className="c2">{t('numbers.lead')}</p>
      <p className="c2 small">
        {t('numbers.how')} <code className="mono">npx violet numbers import FILE</code>
      </p>
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="empty">{t('numbers.empty')}</p>
          ) : (
            <Table
              caption={t('numbers.title')}
              columns={columns}
              rows={rows}
              rowKey={({ country, type }) => `${country} ${type}`}
            />
          )
        }
      </Loaded>
    </ConsolePage>
  )
}

const states = ['available', 'reserved', 'assigned', 'quarantined', 'portedOut'] as const

function useColumns(): Column<NumberStock>[] {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return [
    {
      key: 'country',
      head: t('numbers.country'),
      cell: ({ country }) => format.country(country),
    },
    { key: 'type', head: t('numbers.type'), cell: ({ type }) => code('number-type', type) },
    ...states.map((state): Column<NumberStock> => ({
      key: state,
      head: code('number-state', state),
      figure: true,
      cell: (row) =>
        state === 'available' && row.available === 0 ? (
          <Tag tone="danger">{t('numbers.none-left')}</Tag>
        ) : (
          <span className="num">{format.number(row[state])}</span>
        ),
    })),
  ]
}
