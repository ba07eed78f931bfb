/** A page that is one column: title, a line beside it, tools, content. */
import type { ReactNode } from 'react'
import { useTitle } from '../use-title.ts'

type PageProps = { title: string; aside?: ReactNode; tools?: ReactNode; children: ReactNode }

export function ConsolePage({ title, aside, tools, children }: PageProps) {
  useTitle(title)
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="pagehead">
        <h1 className="title">{title}</h1>
        {aside && <span className="caption c3">{aside}</span>}
        {tools && <div className="qtools">{tools}</div>}
      </header>
      {children}
    </main>
  )
}
