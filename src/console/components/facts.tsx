/** Facts as label and value, one to a line: what stands beside a case, a ticket or a subscriber. */
import type { ReactNode } from 'react'

export type Fact = readonly [label: ReactNode, value: ReactNode]

export function Facts({
  title,
  rows,
  children,
}: {
  title?: string
  rows: readonly Fact[]
  children?: ReactNode
}) {
  return (
    <section className="factbox">
      {title && <h2 className="strong small">{title}</h2>}
      <dl className="kv">
        {rows.map(([label, value], at) => (
          <div key={at}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {children}
    </section>
  )
}
