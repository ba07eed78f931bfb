/** Buttons: one primary a screen, `even` for a real choice, `danger` on the last step only. */
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import { Icon, type IconName } from './icon.tsx'

export type ButtonKind = 'primary' | 'tonal' | 'quiet' | 'even' | 'danger'

type Look = { kind?: ButtonKind; block?: boolean; small?: boolean; icon?: IconName }

function look({ kind = 'quiet', block, small }: Look): string {
  return cx('btn', kind, block && 'full', small && 'sm')
}

type ButtonProps = Look & {
  children: ReactNode
  onClick?: () => void
  submit?: boolean
  /** Label stays, a spinner stands before it, and further clicks do nothing. */
  busy?: boolean
  /** Only with a reason next to it: pass that element's id. */
  disabledBy?: string | undefined
  form?: string
}

export function Button(props: ButtonProps) {
  const { children, onClick, submit, busy, disabledBy, icon, form } = props
  const held = busy || disabledBy !== undefined
  return (
    <button
      type={submit ? 'submit' : 'button'}
      className={look(props)}
      form={form}
      aria-busy={busy || undefined}
      aria-disabled={disabledBy !== undefined || undefined}
      aria-describedby={disabledBy}
      onClick={(event) => {
        if (held) event.preventDefault()
        else onClick?.()
      }}
    >
      {busy ? (
        <Icon name="spinner" size="s" className="spin" />
      ) : (
        icon && <Icon name={icon} size="s" />
      )}
      <span>{children}</span>
    </button>
  )
}

export type To = LinkProps['to']
type LinkTo = { to: string; search?: Record<string, string | undefined>; replace?: boolean }

/** Paths are built from data, so they are plain strings here; the router checks them when followed.
 * */
export function linkProps({ to, search, replace }: LinkTo): LinkProps {
  return { to, ...(search && { search }), ...(replace && { replace }) } as LinkProps
}

export function ButtonLink(props: Look & LinkTo & { children: ReactNode }) {
  return (
    <Link {...linkProps(props)} className={look(props)}>
      {props.icon && <Icon name={props.icon} size="s" />}
      <span>{props.children}</span>
    </Link>
  )
}

/** For addresses outside the portal: downloads, the pay page, one-tap install. */
export function ButtonAnchor(
  props: Look & { href: string; children: ReactNode; download?: string },
) {
  return (
    <a href={props.href} className={look(props)} download={props.download}>
      {props.icon && <Icon name={props.icon} size="s" />}
      <span>{props.children}</span>
    </a>
  )
}

type TextButtonProps = {
  children: ReactNode
  onClick: () => void
  busy?: boolean
  danger?: boolean
  icon?: IconName
}

export function TextButton({ children, onClick, busy, danger, icon }: TextButtonProps) {
  return (
    <button
      type="button"
      className={cx('textbtn', danger && 'danger')}
      aria-busy={busy || undefined}
      onClick={() => !busy && onClick()}
    >
      {busy ? (
        <Icon name="spinner" size="xs" className="spin" />
      ) : (
        icon && <Icon name={icon} size="s" />
      )}
      {children}
    </button>
  )
}

export function TextLink({
  children,
  icon,
  ...to
}: LinkTo & { children: ReactNode; icon?: IconName }) {
  return (
    <Link {...linkProps(to)} className="textbtn">
      {icon && <Icon name={icon} size="s" />}
      {children}
    </Link>
  )
}

type IconButtonProps = { icon: IconName; label: string; onClick: () => void }

export function IconButton({ icon, label, onClick }: IconButtonProps) {
  return (
    <button type="button" className="iconbtn" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

/** Two answers of equal weight; they stack when the words need the room. */
export function Pair({ children }: { children: ReactNode }) {
  return <div className="pair">{children}</div>
}
