/** The ledger table: single rule above a sum, double rule under a total that agrees, and only then.
 * */
import type { ReactNode } from 'react'
import { cx } from './cx.ts'

export function Ledger({
  head,
  end,
  children,
}: {
  head?: ReactNode
  end?: ReactNode
  children: ReactNode
}) {
  return (
    <table className="ledger">
      {head && (
        <caption>
          {head}
          {end && <span>{end}</span>}
        </caption>
      )}
      <tbody>{children}</tbody>
    </table>
  )
}

type EntryProps = {
  label: ReactNode
  detail?: ReactNode
  children: ReactNode
  strong?: boolean
  /** A single rule above: the first line after a sum. */
  rule?: boolean
}

export function Entry({ label, detail, children, strong, rule }: EntryProps) {
  return (
    <tr className={rule ? 'rule' : undefined}>
      <th scope="row">
        {label}
        {detail && <span className="d">{detail}</span>}
      </th>
      <td className={strong ? 'strong' : undefined}>{children}</td>
    </tr>
  )
}

type TotalProps = { label: ReactNode; children: ReactNode; agrees?: boolean }

export function Total({ label, children, agrees }: TotalProps) {
  return (
    <tr className={cx('rule sum', agrees && 'grand')}>
      <th scope="row">{label}</th>
      <td>{children}</td>
    </tr>
  )
}

/** Label and value pairs inside a filled zone. */
export function Summary({ rows }: { rows: readonly (readonly [ReactNode, ReactNode])[] }) {
  return (
    <div className="zone">
      <table className="ledger plain">
        <tbody>
          {rows.map(([label, value], at) => (
            <tr key={at}>
              <th scope="row">{label}</th>
              <td className="wrap">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
