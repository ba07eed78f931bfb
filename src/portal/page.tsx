/** The frame of every page: bar above, content, and either the tabs or a dock with the way on. */
import { Link, useCanGoBack, useLocation, useRouter } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { IconButton, linkProps } from './components/button.tsx'
import { cx } from './components/cx.ts'
import { BrandMark, Icon } from './components/icon.tsx'
import { useWords } from './words.tsx'

type PageProps = {
  /** The headline: the answer. */
  head: ReactNode
  /** The window's title, when the headline is not plain text. */
  title?: string
  sub?: ReactNode
  above?: ReactNode
  /** Short, in the bar, only inside a flow. */
  flow?: string
  back?: string
  /** Bars of a flow: this step of four. */
  step?: number
  dock?: ReactNode
  wide?: boolean
  bare?: boolean
  /** In the bar, instead of help. */
  end?: ReactNode
  children: ReactNode
}

/** Moves focus to the headline when the page changes, so that a screen reader reads the answer
 * first. */
export function useHeadline(title: string | undefined) {
  const ref = useRef<HTMLHeadingElement>(null)
  const { pathname } = useLocation()
  useEffect(() => {
    const active = document.activeElement
    if (active === document.body || active === null) ref.current?.focus({ preventScroll: true })
  }, [pathname])
  useEffect(() => {
    if (title) document.title = `${title} · Violet`
  }, [title])
  return ref
}

function textOf(head: ReactNode): string | undefined {
  return typeof head === 'string' ? head : undefined
}

export function Page(props: PageProps) {
  const { head, sub, above, flow, back, step, dock, wide, bare, end, children } = props
  const ref = useHeadline(props.title ?? textOf(head))
  return (
    <div className={cx('app', wide && 'wide')}>
      <header>
        <div className={cx('topbar', bare && 'root')}>
          {bare ? <HomeMark /> : <Back to={back} />}
          <span className="grow">{flow}</span>
          {end ?? <HelpLink />}
        </div>
        {step && <Steps step={step} />}
      </header>
      <main className="frame" id="main">
        <div className="main">
          {above}
          <h1 className="head" ref={ref} tabIndex={-1}>
            {head}
          </h1>
          {sub && <div className="sub small">{sub}</div>}
          {children}
        </div>
        {dock && <div className="dock">{dock}</div>}
      </main>
    </div>
  )
}

/** Bars of a flow: how far, of four. */
function Steps({ step }: { step: number }) {
  const { t } = useWords()
  return (
    <div className="steps" role="img" aria-label={t('page.step', { step })}>
      {[1, 2, 3, 4].map((at) => (
        <i key={at} className={at <= step ? 'on' : undefined} />
      ))}
    </div>
  )
}

function HomeMark() {
  const { t } = useWords()
  return (
    <Link {...linkProps({ to: '/' })} className="mark" aria-label={t('page.home')}>
      <BrandMark />
    </Link>
  )
}

function HelpLink() {
  const { t } = useWords()
  const { pathname } = useLocation()
  return (
    <Link
      {...linkProps({ to: '/help', search: { page: pathname } })}
      className="iconbtn"
      aria-label={t('page.help')}
    >
      <Icon name="help" />
    </Link>
  )
}

function Back({ to }: { to: string | undefined }) {
  const { t } = useWords()
  const router = useRouter()
  const canGoBack = useCanGoBack()
  if (to) {
    return (
      <Link {...linkProps({ to })} className="iconbtn" aria-label={t('page.back')}>
        <Icon name="back" />
      </Link>
    )
  }
  return (
    <IconButton
      icon="back"
      label={t('page.back')}
      onClick={() => {
        if (canGoBack) router.history.back()
        else void router.navigate(linkProps({ to: '/' }) as never)
      }}
    />
  )
}

/** A titled group of content. */
export function Section({
  title,
  end,
  children,
}: {
  title?: ReactNode
  end?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="sect">
      {title && (
        <h2>
          {title}
          {end}
        </h2>
      )}
      {children}
    </section>
  )
}
