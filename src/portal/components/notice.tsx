/** Notices, tags, and what a page says when it waits, has nothing, or failed. */
import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import { Icon } from './icon.tsx'

export type Tone = 'ok' | 'warn' | 'danger' | 'info' | 'neutral'

type NoticeProps = { tone?: Exclude<Tone, 'ok'>; children: ReactNode; live?: boolean }

export function Notice({ tone = 'neutral', children, live = true }: NoticeProps) {
  const urgent = tone === 'danger' || tone === 'warn'
  const role = live ? (urgent ? 'alert' : 'status') : undefined
  return (
    <div className={cx('note', tone !== 'neutral' && tone)} role={role}>
      <Icon name={urgent ? 'warn' : 'info'} size="s" />
      <div>{children}</div>
    </div>
  )
}

export function Tag({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={cx('tag', tone !== 'neutral' && tone)}>{children}</span>
}

export function Skeleton({
  width = '100%',
  height = 16,
}: {
  width?: string | number
  height?: number
}) {
  return <span className="sk" style={{ width, height }} aria-hidden="true" />
}

export function RowsSkeleton({ count = 3 }: { count?: number }) {
  return (
    <ul className="rows" aria-hidden="true">
      {Array.from({ length: count }, (_, at) => (
        <li key={at} className="row">
          <span className="grow grid gap-2">
            <Skeleton width="44%" height={18} />
            <Skeleton width="68%" height={13} />
          </span>
          <Skeleton width={56} height={18} />
        </li>
      ))}
    </ul>
  )
}

/** One sentence, one action. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-start gap-4 py-6">
      <p className="c2">{children}</p>
      {action}
    </div>
  )
}
