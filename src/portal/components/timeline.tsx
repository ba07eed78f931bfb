/** The timeline of a closure: done, now, to come, paused or failed, and the point of no return. */
import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import { Icon } from './icon.tsx'

export type TimelineState = 'done' | 'now' | 'todo' | 'paused' | 'failed'

export type TimelineItem = {
  key: string
  state: TimelineState
  title: ReactNode
  detail?: ReactNode
  when?: ReactNode
  /** What a screen reader hears for the mark: done, now, to come. */
  spoken: string
}

type TimelineProps = {
  items: readonly TimelineItem[]
  /** The point of no return stands before this item. */
  noReturnBefore?: string | undefined
  noReturn: ReactNode
}

export function Timeline({ items, noReturnBefore, noReturn }: TimelineProps) {
  return (
    <ol className="tl">
      {items.map((item) => [
        item.key === noReturnBefore && (
          <li className="pnr" key="no-return">
            <i />
            <span>{noReturn}</span>
          </li>
        ),
        <li
          key={item.key}
          className={cx(item.state)}
          aria-current={item.state === 'now' ? 'step' : undefined}
        >
          <span className="pt">
            {item.state === 'done' && <Icon name="check" />}
            {item.state === 'failed' && <Icon name="cross" />}
            {item.state === 'paused' && <Icon name="minus" />}
            <span className="sr-only">{item.spoken}</span>
          </span>
          <div className="min-w-0">
            <div className="t">{item.title}</div>
            {item.detail && <div className="small c2">{item.detail}</div>}
          </div>
          <span className="w">{item.when}</span>
        </li>,
      ])}
    </ol>
  )
}
