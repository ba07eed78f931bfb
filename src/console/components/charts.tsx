/** Charts in ink, drawn as SVG: a chart with its table behind "Show as table", bars, and lines
 * over days. */
import { type ReactNode, useState } from 'react'
import { TextButton } from '../../portal/components/button.tsx'
import { useConsoleWords } from '../words.tsx'
import { type Column, Table } from './table.tsx'

type ChartProps<Row> = {
  title: string
  legend?: ReactNode
  tools?: ReactNode
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  rowKey: (row: Row) => string
  empty: string
  children: ReactNode
}

export function Chart<Row>(props: ChartProps<Row>) {
  const { title, legend, tools, rows, columns, rowKey, empty, children } = props
  const { t } = useConsoleWords()
  const [asTable, setAsTable] = useState(false)
  return (
    <section className="chart">
      <header>
        <h2 className="small strong">{title}</h2>
        {!asTable && legend}
        <span className="grow" />
        {tools}
        {rows.length > 0 && (
          <TextButton onClick={() => setAsTable(!asTable)}>
            {t(asTable ? 'chart.as-chart' : 'chart.as-table')}
          </TextButton>
        )}
      </header>
      {rows.length === 0 ? (
        <p className="c2 small">{empty}</p>
      ) : asTable ? (
        <Table caption={title} columns={columns} rows={rows} rowKey={rowKey} />
      ) : (
        children
      )}
    </section>
  )
}

export type Bar = { key: string; label: string; count: number; text: string }

/** One bar to a line, its label before it and its figure behind it. */
export function Bars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return (
    <ul className="barlist" aria-label={label}>
      {bars.map(({ key, label: name, count, text }) => (
        <li key={key}>
          <span>{name}</span>
          <svg width="100%" height="8" aria-hidden="true">
            <rect width={`${(count / most) * 100}%`} height="8" rx="2" fill="var(--data-1)" />
          </svg>
          <span className="num c2 figures">{text}</span>
        </li>
      ))}
    </ul>
  )
}
