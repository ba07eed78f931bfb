/** The report that nothing readable is left of a closed account: begun here, followed with a bar, its last result kept. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Refused } from '../../console/components/listing.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { erasureQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { Erasure, ErasureScan } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'

export function ErasureScanSection({ caseId, erasure }: { caseId: string; erasure: Erasure }) {
  const { t } = useConsoleWords()
  const { role } = useStaff()
  const client = useQueryClient()
  const { queryKey } = erasureQuery(caseId)
  const start = useMutation({
    mutationFn: () => send<ErasureScan>('POST', `/v1/staff/closures/${caseId}/scans`),
    onSuccess: (scan) => {
      client.setQueryData(queryKey, { ...erasure, scan })
      void client.invalidateQueries({ queryKey })
    },
  })
  const { scan } = erasure
  const mayStart =
    ['admin', 'auditor'].includes(role) && erasure.account === 'closed' && scan?.state !== 'running'
  return (
    <section className="casesect" aria-label={t('scan.title')}>
      <h3 className="strong">{t('scan.title')}</h3>
      <p className="c2 small">{t('scan.what')}</p>
      {scan ? <Shown scan={scan} /> : <p className="c2">{t('scan.none')}</p>}
      <Refused error={start.error} />
      {mayStart && (
        <p className="mt-3">
          <Button kind="even" small busy={start.isPending} onClick={() => start.mutate()}>
            {t(scan ? 'scan.again' : 'scan.start')}
          </Button>
        </p>
      )}
    </section>
  )
}

function Shown({ scan }: { scan: ErasureScan }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  if (scan.state === 'running') return <Bar scan={scan} />
  const at = format.moment(scan.endedAt ?? scan.askedAt, { year: true })
  if (scan.state === 'failed') return <Notice tone="danger">{t('scan.failed', { at })}</Notice>
  const clean = scan.leftovers.length === 0
  return (
    <>
      <Notice tone={clean ? 'info' : 'danger'} live={false}>
        <b>{clean ? t('scan.clean') : t('scan.found', { count: scan.leftovers.length })}</b>{' '}
        {t('scan.looked', {
          at,
          sought: format.number(scan.sought),
          tables: format.number(scan.tables),
          rows: format.number(scan.rows),
          logs: format.number(scan.logs),
          lines: format.number(scan.lines),
        })}
      </Notice>
      {!clean && <Leftovers leftovers={scan.leftovers} />}
    </>
  )
}

/** Rows are estimated, so the bar never says that it is over before it is. */
function Bar({ scan: { rows, rowsExpected } }: { scan: ErasureScan }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const most = Math.max(rowsExpected, rows + 1)
  const text = t('scan.rows', { rows: format.number(rows), of: format.number(most) })
  return (
    <div className="bulkprogress" role="status">
      <div className="meterhead">
        <span className="strong small">{text}</span>
        <span className="num">{format.number(Math.floor((rows / most) * 100))}%</span>
      </div>
      <progress className="meter" value={rows} max={most} aria-label={text} />
    </div>
  )
}

type Leftover = ErasureScan['leftovers'][number]

function Leftovers({ leftovers }: { leftovers: readonly Leftover[] }) {
  const { t, code } = useConsoleWords()
  const columns: Column<Leftover>[] = [
    {
      key: 'where',
      head: t('scan.where'),
      cell: ({ where }) => <bdi className="mono break-all">{where}</bdi>,
    },
    { key: 'row', head: t('scan.row'), cell: ({ row }) => <bdi className="mono">{row}</bdi> },
    { key: 'kind', head: t('scan.kind'), cell: ({ what }) => code('leftover', what) },
  ]
  return (
    <Table
      caption={t('scan.title')}
      columns={columns}
      rows={leftovers}
      rowKey={({ where, row }) => `${where} ${row}`}
    />
  )
}
