/** One of the four tabs: the title in the bar, the tabs below it, or on a desk above. */
import { Link, useLocation } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { linkProps } from './components/button.tsx'
import { cx } from './components/cx.ts'
import { BrandMark, Icon, type IconName } from './components/icon.tsx'
import { useHeadline } from './page.tsx'
import { useWords } from './words.tsx'
import type { WordKey } from './words/keys.ts'

const tabs: readonly (readonly [string, IconName, WordKey])[] = [
  ['/lines', 'home', 'tab.lines'],
  ['/statement', 'statement', 'tab.statement'],
  ['/help', 'chat', 'tab.help'],
  ['/account', 'person', 'tab.account'],
]

type TabPageProps = {
  title: string
  actions?: ReactNode
  wide?: boolean
  children: ReactNode
}

export function TabPage({ title, actions, wide, children }: TabPageProps) {
  const ref = useHeadline(title)
  return (
    <div className={cx('app tabs', wide && 'wide')}>
      <header className="topbar root">
        <h1 className="title flex-1 min-w-0" ref={ref} tabIndex={-1}>
          {title}
        </h1>
        {actions}
      </header>
      <main className="main" id="main">
        {children}
      </main>
      <TabBar />
    </div>
  )
}

function TabBar() {
  const { t } = useWords()
  const { pathname } = useLocation()
  return (
    <nav className="tabbar" aria-label={t('page.tabs')}>
      <Link {...linkProps({ to: '/lines' })} className="mark" aria-hidden="true" tabIndex={-1}>
        <BrandMark />
      </Link>
      <ul>
        {tabs.map(([to, icon, word]) => (
          <li key={to}>
            <Link
              {...linkProps({ to })}
              aria-current={pathname.startsWith(to) ? 'page' : undefined}
            >
              <Icon name={icon} />
              {t(word)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
