/** A row of a list that leads to a page: what it is called, and a sentence on what is there. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { linkProps } from './button.tsx'
import { Icon } from './icon.tsx'

type Props = {
  to: string
  search?: Record<string, string>
  title: string
  children?: ReactNode
}

export function LinkRow({ to, search, title, children }: Props) {
  return (
    <li>
      <Link {...linkProps({ to, ...(search && { search }) })} className="row">
        <span className="grow">
          <span className="mid block">{title}</span>
          {children && <span className="small c2 block">{children}</span>}
        </span>
        <Icon name="next" size="s" className="c3 self-center" />
      </Link>
    </li>
  )
}
