/** Signing in and registering are one way: an e-mail address or a telephone number, then the code sent to it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, ButtonLink, TextButton, TextLink } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { placeInside } from '../../portal/go.ts'
import { Page } from '../../portal/page.tsx'
import { meQuery, operatorQuery, rememberSignedIn, wasSignedIn } from '../../portal/queries.ts'
import { Redirect } from '../../portal/redirect.tsx'
import { LanguageSwitch } from '../../portal/language.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { CodeSent, Subscriber } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { mayNotDemand } from '../../portal/sign-in-first.ts'
import { PasskeySignIn } from './passkey-sign-in.tsx'

type Draft = { to: string; sent: CodeSent | null }

/** Whether a code sent there could arrive at all. */
export const looksLikeMail = (text: string) => /^\S+@\S+\.\S+$/.test(text)
const isMail = (to: string) => to.includes('@')
const looksRight = (to: string) =>
  isMail(to) ? looksLikeMail(to) : /^(\+|00)[\d\s().-]{6,}$/.test(to)
const addressed = (to: string) => (isMail(to) ? { email: to } : { phone: to })

export function SignInPage() {
  const { next } = useSearch({ strict: false }) as { next?: string }
  const me = useQuery({ ...meQuery, enabled: wasSignedIn() })
  const [draft, setDraft, clear] = useDraft<Draft>('sign-in', { to: '', sent: null })
  if (me.data && !me.data.complete) return <Redirect to="/welcome" search={{ next }} />
  if (me.data) return <Redirect {...placeInside(next)} />
  if (draft.sent) {
    return (
      <EnterCode
        to={draft.to}
        sent={draft.sent}
        onSent={(sent) => setDraft({ ...draft, sent })}
        onOther={() => setDraft({ ...draft, sent: null })}
        onDone={clear}
      />
    )
  }
  return <EnterAddress draft={draft} setDraft={setDraft} next={next} onDone={clear} />
}

type AddressProps = {
  draft: Draft
  setDraft: (draft: Draft) => void
  next: string | undefined
  onDone: () => void
}

function EnterAddress({ draft, setDraft, next, onDone }: AddressProps) {
  const { t, locale } = useWords()
  const settle = useSettled(onDone)
  const isEven = useIsEven(next)
  const [missing, setMissing] = useState(false)
  const to = draft.to.trim()
  const ask = useMutation({
    mutationFn: () => send<CodeSent>('POST', '/v1/sign-in/code', { ...addressed(to), locale }),
    onSuccess: (sent) => setDraft({ to, sent }),
  })
  const submit = () => {
    const valid = looksRight(to)
    setMissing(!valid)
    if (valid) ask.mutate()
  }
  const dock = (
    <>
      <Refusal error={ask.error} />
      <PasskeySignIn onSignedIn={settle}>
        <Button kind={isEven ? 'even' : 'primary'} block submit form="sign-in" busy={ask.isPending}>
          {t('sign-in.send')}
        </Button>
      </PasskeySignIn>
      <WithoutSigningIn next={next} />
    </>
  )
  return (
    <Page head={t('sign-in.head')} sub={t('sign-in.sub')} dock={dock} bare end={<LanguageSwitch />}>
      {next !== undefined && (
        <div className="mt-4">
          <Notice>{t('sign-in.then-back')}</Notice>
        </div>
      )}
      <form
        id="sign-in"
        noValidate
        className="mt-6"
        onSubmit={(event) => {
          event.preventDefault()
          if (!ask.isPending) submit()
        }}
      >
        <TextField
          label={t('sign-in.to')}
          hint={t('sign-in.to-hint')}
          type="email"
          inputMode="email"
          autoComplete="username webauthn"
          autoFocus
          value={draft.to}
          onChange={(value) => setDraft({ ...draft, to: value })}
          error={missing ? t('sign-in.to-wrong') : undefined}
        />
      </form>
    </Page>
  )
}

/** On the way to closing, where signing in may not be demanded: the way without it weighs the same. */
function useIsEven(next: string | undefined): boolean {
  const operator = useQuery(operatorQuery)
  return (next ?? '').startsWith('/clos') && mayNotDemand(operator.data)
}

function WithoutSigningIn({ next }: { next: string | undefined }) {
  const { t } = useWords()
  if (!useIsEven(next)) return <TextLink to="/close">{t('sign-in.lost')}</TextLink>
  return (
    <div className="mt-2.5">
      <ButtonLink kind="even" block to="/close">
        {t('shop.close')}
      </ButtonLink>
    </div>
  )
}

type CodeProps = {
  to: string
  sent: CodeSent
  onSent: (sent: CodeSent) => void
  onOther: () => void
  onDone: () => void
}

/** What another person read before in this tab is forgotten; only the catalog stays. */
function useSettled(onDone: () => void) {
  const client = useQueryClient()
  return async (me: Subscriber) => {
    onDone()
    await rememberSignedIn(me)
    client.removeQueries({ predicate: ({ queryKey }) => !publicKeys.has(String(queryKey[0])) })
    client.setQueryData(meQuery.queryKey, me)
  }
}

function EnterCode({ to, sent, onSent, onOther, onDone }: CodeProps) {
  const { t, rich, locale } = useWords()
  const sentence = useSentence()
  const [code, setCode] = useState('')
  const [short, setShort] = useState(false)
  const again = useMutation({
    mutationFn: () => send<CodeSent>('POST', '/v1/sign-in/code', { ...addressed(to), locale }),
    onSuccess: (next) => {
      setCode('')
      enter.reset()
      onSent(next)
    },
  })
  const enter = useMutation({
    mutationFn: (digits: string) =>
      send<Subscriber>('POST', '/v1/sign-in', { ...addressed(to), code: digits, locale }),
    onSuccess: useSettled(onDone),
  })
  const type = (digits: string) => {
    if (digits && enter.error) enter.reset()
    setShort(false)
    setCode(digits)
    if (digits.length === 6 && !enter.isPending)
      enter.mutate(digits, { onError: () => setCode('') })
  }
  const codeError = problemCode(enter.error)?.startsWith('code-')
    ? sentence(enter.error)
    : undefined
  return (
    <Page
      head={t('sign-in.code-head')}
      sub={rich('sign-in.code-sent', { to: <bdi className="strong">{to}</bdi> })}
      bare
      end={<LanguageSwitch />}
      dock={
        <Button
          kind="primary"
          block
          busy={enter.isPending}
          onClick={() => (code.length < 6 ? setShort(true) : type(code))}
        >
          {t('sign-in.enter')}
        </Button>
      }
    >
      <div className="mt-6">
        {!codeError && <Refusal error={enter.error ?? again.error} />}
        <CodeField
          label={t('code.label')}
          value={code}
          onChange={type}
          error={short ? t('code.short') : codeError}
          autoFocus
        />
        <div className="flex flex-wrap justify-between gap-x-4 mt-1">
          <TextButton onClick={() => again.mutate()} busy={again.isPending}>
            {t('code.again')}
          </TextButton>
          <TextButton onClick={onOther}>{t('sign-in.other')}</TextButton>
        </div>
        <Expiry sent={sent} />
        {!isMail(to) && <p className="small c3 mt-1">{t('sign-in.text-hint')}</p>}
        <InboxHint />
      </div>
    </Page>
  )
}

const publicKeys = new Set(['me', 'operator', 'plans'])

function Expiry({ sent }: { sent: CodeSent }) {
  const { t } = useWords()
  const format = useFormat()
  return <p className="small c3 mt-1">{t('code.until', { at: format.moment(sent.expiresAt) })}</p>
}

/** On a demonstration platform mail goes to a page, and saying so is fairer than letting a person
 * wait. */
export function InboxHint() {
  const { t } = useWords()
  const operator = useQuery(operatorQuery)
  const url = operator.data?.demo?.inboxUrl
  if (!url) return null
  return (
    <p className="small mt-4">
      <a href={url} target="_blank" rel="noreferrer">
        {t('demo.inbox')}
      </a>
    </p>
  )
}
