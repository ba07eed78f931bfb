/** The frame of the console: navigation at the side (on top below 900 px), search, who is signed
 * in. */
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useRouterState } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { IconButton, linkProps } from '../portal/components/button.tsx'
import { BrandMark, Icon } from '../portal/components/icon.tsx'
import { useGo } from '../portal/go.ts'
import { Glyph, type GlyphName } from './components/glyph.tsx'
import { Kbd } from './components/kbd.tsx'
import { KeysHelp } from './keys-help.tsx'
import { useKeys } from './keys.ts'
import { Me } from './me.tsx'
import { countsQuery } from './queries.ts'
import { useStaff } from './session.tsx'
import { useMedia } from './use-media.ts'
import { useConsoleWords } from './words.tsx'
import type { Role } from './wire.ts'
import type { ConsoleKey } from './words/keys.ts'

type Entry = {
  to: string
  glyph: GlyphName
  word: ConsoleKey
  count?: string
  /** Only these may open it; others are not led there. */
  roles?: readonly Role[]
}

const daily: readonly Entry[] = [
  { to: '/review', glyph: 'review', word: 'nav.review', count: 'in_review' },
  { to: '/attention', glyph: 'attention', word: 'nav.attention', count: 'needs_attention' },
  {
    to: '/intakes',
    glyph: 'people',
    word: 'nav.intakes',
    count: 'intakes',
    roles: ['support', 'reviewer', 'admin', 'auditor'],
  },
  { to: '/tickets', glyph: 'ticket', word: 'nav.tickets' },
  {
    to: '/refunds',
    glyph: 'refund',
    word: 'nav.refunds',
    roles: ['finance', 'admin', 'reviewer', 'auditor'],
  },
  {
    to: '/unclaimed',
    glyph: 'refund',
    word: 'nav.unclaimed',
    roles: ['finance', 'admin', 'auditor'],
  },
  {
    to: '/rejects',
    glyph: 'reject',
    word: 'nav.rejects',
    roles: ['finance', 'admin', 'support'],
  },
  { to: '/subscribers', glyph: 'people', word: 'nav.subscribers' },
]
const operator: readonly Entry[] = [
  { to: '/policies', glyph: 'policy', word: 'nav.policies' },
  { to: '/bulk', glyph: 'list', word: 'nav.bulk' },
  { to: '/erasures', glyph: 'list', word: 'nav.erasures' },
  { to: '/numbers', glyph: 'list', word: 'nav.numbers' },
  { to: '/ports', glyph: 'list', word: 'nav.ports' },
  { to: '/statistics', glyph: 'chart', word: 'nav.statistics' },
  { to: '/audit', glyph: 'audit', word: 'nav.audit', roles: ['auditor', 'admin'] },
  { to: '/keys', glyph: 'key', word: 'nav.keys' },
]

export function Shell() {
  const { t } = useConsoleWords()
  const [help, setHelp] = useState(false)
  const [menu, setMenu] = useState(false)
  const find = useRef<HTMLInputElement>(null)
  const small = useMedia('(max-width: 899px)')
  const href = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.href })
  const from = useRef(href)
  useEffect(() => {
    if (from.current === href) return
    from.current = href
    setMenu(false)
    // What was followed is gone from one pane: reading goes on at the new content.
    if (small) document.getElementById('main')?.focus({ preventScroll: true })
  }, [href, small])
  useKeys({
    '?': () => setHelp(true),
    '/': () => {
      setMenu(true)
      requestAnimationFrame(() => find.current?.focus())
    },
    escape: small && menu ? () => setMenu(false) : undefined,
  })
  return (
    <div className="shell">
      <a href="#main" className="skip btn quiet">
        {t('shell.skip')}
      </a>
      <header className="side">
        <div className="brand">
          <BrandMark size={18} />
          <span className="grow">Violet</span>
          {small && (
            <button
              type="button"
              className="iconbtn"
              aria-label={t('shell.menu')}
              aria-expanded={menu}
              aria-controls="menu"
              onClick={() => setMenu(!menu)}
            >
              {menu ? <Icon name="cross" /> : <Glyph name="menu" />}
            </button>
          )}
        </div>
        <div className="menu" id="menu" hidden={small && !menu}>
          <Find inputRef={find} />
          <nav aria-label={t('shell.nav')}>
            <Entries entries={daily} />
            <h2 className="lbl">{t('nav.operator')}</h2>
            <Entries entries={operator} />
          </nav>
          <div className="sidefoot">
            <Me />
            <IconButton icon="help" label={t('keys.title')} onClick={() => setHelp(true)} />
          </div>
        </div>
      </header>
      <div className="stage">
        <Outlet />
      </div>
      <KeysHelp open={help} onClose={() => setHelp(false)} />
    </div>
  )
}

function Entries({ entries }: { entries: readonly Entry[] }) {
  const { t } = useConsoleWords()
  const { pathname } = useLocation()
  const counts = useQuery(countsQuery)
  const { role } = useStaff()
  const shown = entries.filter(({ roles }) => !roles || roles.includes(role))
  return (
    <ul>
      {shown.map(({ to, glyph, word, count }) => {
        const number = count === undefined ? undefined : counts.data?.[count]
        return (
          <li key={to}>
            <Link
              {...linkProps({ to })}
              aria-current={pathname.startsWith(to) ? 'page' : undefined}
            >
              <Glyph name={glyph} />
              <span>{t(word)}</span>
              {number !== undefined && number > 0 && <b className="num">{number}</b>}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

/** Looks for people: the API searches names, contacts and numbers. */
function Find({ inputRef }: { inputRef: React.RefObject<HTMLInputElement | null> }) {
  const { t } = useConsoleWords()
  const go = useGo()
  const [text, setText] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const query = text.trim()
    if (query) void go('/subscribers', { search: { query } })
  }
  return (
    <form role="search" className="find" onSubmit={submit}>
      <Icon name="search" size="s" />
      <input
        ref={inputRef}
        type="search"
        aria-label={t('find.label')}
        placeholder={t('find.placeholder')}
        value={text}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      <Kbd>/</Kbd>
    </form>
  )
}
