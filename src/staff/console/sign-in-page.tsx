/** Staff sign in with their work address and the code sent to it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { staffQuery } from '../../console/queries.ts'
import { useTitle } from '../../console/use-title.ts'
import type { Staff } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { problemCode, send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { BrandMark } from '../../portal/components/icon.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { useSentence } from '../../portal/failure.tsx'
import { operatorQuery } from '../../portal/queries.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Redirect } from '../../portal/redirect.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { CodeSent } from '../../portal/wire.ts'

type Draft = { email: string; sent: CodeSent | null }

export function SignInPage() {
  const { next } = useSearch({ strict: false }) as { next?: string }
  const me = useQuery(staffQuery)
  const [draft, setDraft, clear] = useDraft<Draft>('staff-sign-in', { email: '', sent: null })
  if (me.data) return <Redirect {...onward(next)} />
  if (!draft.sent)
    return <EnterEmail draft={draft} setDraft={setDraft} expired={next !== undefined} />
  return (
    <EnterCode
      email={draft.email}
      sent={draft.sent}
      onSent={(sent) => setDraft({ ...draft, sent })}
      onOther={() => setDraft({ ...draft, sent: null })}
      onDone={clear}
    />
  )
}

/** Only addresses inside the console are followed. */
function onward(next: string | undefined) {
  const inside = next?.startsWith('/') && !next.startsWith('//') ? next : '/review'
  const [path = '/review', query] = inside.split('?')
  return { to: path, search: Object.fromEntries(new URLSearchParams(query ?? '')) }
}

function Frame({ head, sub, children }: { head: string; sub: ReactNode; children: ReactNode }) {
  const { t } = useConsoleWords()
  useTitle(head)
  const operator = useQuery(operatorQuery)
  const inbox = operator.data?.demo?.inboxUrl
  return (
    <main className="signin" id="main">
      <header>
        <BrandMark size={22} />
        <span className="grow strong">{t('shell.name')}</span>
        <LanguageSwitch />
      </header>
      <h1 className="head">{head}</h1>
      <div className="sub">{sub}</div>
      {children}
      {inbox && (
        <Notice tone="info" live={false}>
          <p>{t('sign.demo')}</p>
          <p className="mt-1">
            <a href={inbox} target="_blank" rel="noreferrer">
              {t('sign.inbox')}
            </a>
          </p>
        </Notice>
      )}
    </main>
  )
}

type EmailProps = { draft: Draft; setDraft: (draft: Draft) => void; expired: boolean }

function EnterEmail({ draft, setDraft, expired }: EmailProps) {
  const { t, locale } = useConsoleWords()
  const [missing, setMissing] = useState(false)
  const email = draft.email.trim()
  const ask = useMutation({
    mutationFn: () => send<CodeSent>('POST', '/v1/staff/sign-in/code', { email, locale }),
    onSuccess: (sent) => setDraft({ email, sent }),
  })
  const submit = () => {
    const valid = /^\S+@\S+\.\S+$/.test(email)
    setMissing(!valid)
    if (valid && !ask.isPending) ask.mutate()
  }
  return (
    <Frame head={t('sign.head')} sub={expired ? t('sign.then-back') : t('sign.sub')}>
      <form
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <TextField
          label={t('sign.email')}
          type="email"
          inputMode="email"
          autoComplete="email"
          autoFocus
          value={draft.email}
          onChange={(value) => setDraft({ ...draft, email: value })}
          error={missing ? t('sign.email-wrong') : undefined}
        />
        <Refused error={ask.error} />
        <Button kind="primary" block submit busy={ask.isPending}>
          {t('sign.send')}
        </Button>
      </form>
    </Frame>
  )
}

type CodeProps = {
  email: string
  sent: CodeSent
  onSent: (sent: CodeSent) => void
  onOther: () => void
  onDone: () => void
}

function useCode({ email, onSent, onDone }: CodeProps) {
  const { locale } = useConsoleWords()
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const enter = useMutation({
    mutationFn: (digits: string) =>
      send<Staff>('POST', '/v1/staff/sign-in', { email, code: digits }),
    onSuccess: (me) => {
      onDone()
      client.removeQueries({
        predicate: ({ queryKey }) => queryKey[0] === 'staff' && queryKey[1] !== 'me',
      })
      client.setQueryData(staffQuery.queryKey, me)
    },
    onError: () => setCode(''),
  })
  const again = useMutation({
    mutationFn: () => send<CodeSent>('POST', '/v1/staff/sign-in/code', { email, locale }),
    onSuccess: (next) => {
      setCode('')
      enter.reset()
      onSent(next)
    },
  })
  return { code, setCode, enter, again }
}

function EnterCode(props: CodeProps) {
  const { t, rich } = useConsoleWords()
  const format = useFormat()
  const sentence = useSentence()
  const { code, setCode, enter, again } = useCode(props)
  const aboutCode = problemCode(enter.error)?.startsWith('code-')
  const type = (digits: string) => {
    setCode(digits)
    if (digits.length === 6 && !enter.isPending) enter.mutate(digits)
  }
  const sub = rich(
    'sign.sent',
    { to: <bdi className="strong">{props.email}</bdi> },
    { until: format.moment(props.sent.expiresAt) },
  )
  return (
    <Frame head={t('sign.code-head')} sub={sub}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (code.length === 6 && !enter.isPending) enter.mutate(code)
        }}
      >
        <CodeField
          label={t('sign.code')}
          value={code}
          onChange={type}
          autoFocus
          error={aboutCode ? sentence(enter.error) : undefined}
        />
        {!aboutCode && <Refused error={enter.error} />}
        <Refused error={again.error} />
        <Button kind="primary" block submit busy={enter.isPending}>
          {t('sign.enter')}
        </Button>
      </form>
      <div className="flex flex-wrap gap-4">
        <TextButton busy={again.isPending} onClick={() => again.mutate()}>
          {t('sign.again')}
        </TextButton>
        <TextButton onClick={props.onOther}>{t('sign.other')}</TextButton>
      </div>
    </Frame>
  )
}
