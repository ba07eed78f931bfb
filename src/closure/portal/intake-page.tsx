/** Closing without signing in: for who lost the phone or the e-mail, or may not be made to sign in. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink, Pair } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { SelectField, TextField } from '../../portal/components/field.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { useGo } from '../../portal/go.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page } from '../../portal/page.tsx'
import { operatorQuery } from '../../portal/queries.ts'
import type { IntakeStarted, StartIntake } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { CountryField, placeIn } from '../../subscribers/portal/welcome-page.tsx'
import { reasonWords } from './reason-page.tsx'

type By = StartIntake['by']
type Draft = {
  scope?: StartIntake['scope']
  by: By
  value: string
  country: string
  contact: string
  reason: string
}
const empty: Draft = { by: 'number', value: '', country: '', contact: '', reason: '' }

const names: Record<By, readonly [label: WordKey, hint: WordKey]> = {
  number: ['intake.number', 'intake.number-hint'],
  email: ['intake.email', 'intake.email-hint'],
  iccid: ['intake.iccid', 'intake.iccid-hint'],
}

const firstWrong = '#intake .error input, #intake [aria-invalid=true]'

export function IntakePage() {
  const { t, locale } = useWords()
  const go = useGo()
  const [draft, setDraft, clear] = useDraft<Draft>('intake', empty)
  const [tried, setTried] = useState(false)
  const start = useMutation({
    mutationFn: () => send<IntakeStarted>('POST', '/v1/closures/intake', bodyOf(draft, locale)),
    onSuccess: async ({ token }) => {
      clear()
      await go(`/close/proof/${token}`, { replace: true })
    },
  })
  const submit = () => {
    setTried(true)
    const { scope, value, country, contact } = draft
    if (scope && value.trim() && country && contact.trim()) start.mutate()
    // Each field that lacks something takes the focus as it says so; the first of them keeps it.
    else requestAnimationFrame(() => document.querySelector<HTMLElement>(firstWrong)?.focus())
  }
  return (
    <Page
      bare
      head={t('intake.head')}
      sub={t('intake.sub')}
      end={<LanguageSwitch />}
      dock={
        <>
          <Refusal error={start.error} />
          <Ways country={draft.country} busy={start.isPending} />
        </>
      }
    >
      <form
        id="intake"
        noValidate
        className="grid gap-6 mt-6"
        onSubmit={(event) => {
          event.preventDefault()
          if (!start.isPending) submit()
        }}
      >
        <Fields draft={draft} setDraft={setDraft} tried={tried} />
        <p className="small c2">{t('intake.money')}</p>
      </form>
    </Page>
  )
}

function bodyOf({ scope = 'line', by, value, country, contact, reason }: Draft, locale: string) {
  return {
    scope,
    by,
    value: value.trim(),
    contact: contact.trim(),
    ...placeIn(country),
    ...(reason && { reason }),
    locale,
  }
}

type FieldsProps = { draft: Draft; setDraft: (draft: Draft) => void; tried: boolean }

function Fields({ draft, setDraft, tried }: FieldsProps) {
  const { t } = useWords()
  const { scope, by, value } = draft
  const [label, hint] = names[by]
  // An e-mail address names an account and no line of it.
  const ways: readonly By[] =
    scope === 'account' ? ['number', 'email', 'iccid'] : ['number', 'iccid']
  const chooseScope = (next: StartIntake['scope']) =>
    setDraft({ ...draft, scope: next, by: next === 'line' && by === 'email' ? 'number' : by })
  return (
    <>
      <Choices
        legend={t('intake.what')}
        choices={[
          { key: 'line', label: t('intake.line'), detail: t('intake.line-detail') },
          { key: 'account', label: t('intake.account'), detail: t('intake.account-detail') },
        ]}
        value={scope}
        onChange={chooseScope}
        error={tried && !scope ? t('quote.choose-one') : undefined}
      />
      <SelectField
        label={t('intake.by')}
        value={by}
        options={ways.map((way) => [way, t(names[way][0])] as const)}
        onChange={(next) => setDraft({ ...draft, by: next as By, value: '' })}
      />
      <TextField
        label={t(label)}
        hint={t(hint)}
        value={value}
        inputMode={by === 'email' ? 'email' : by === 'number' ? 'tel' : 'numeric'}
        maxLength={254}
        onChange={(next) => setDraft({ ...draft, value: next })}
        error={tried && !value.trim() ? t('intake.missing') : undefined}
      />
      <CountryField
        value={draft.country}
        onChange={(country) => setDraft({ ...draft, country })}
        error={tried && !draft.country ? t('welcome.country-missing') : undefined}
      />
      <TextField
        label={t('intake.contact')}
        hint={t('intake.contact-hint')}
        value={draft.contact}
        autoComplete="email"
        maxLength={254}
        onChange={(contact) => setDraft({ ...draft, contact })}
        error={tried && !draft.contact.trim() ? t('intake.missing') : undefined}
      />
      <SelectField
        label={t('intake.reason')}
        value={draft.reason}
        empty={t('reason.none')}
        options={Object.entries(reasonWords).map(([key, word]) => [key, t(word)] as const)}
        onChange={(reason) => setDraft({ ...draft, reason })}
      />
    </>
  )
}

/** Where nobody may be made to sign in the two ways weigh the same; else signing in is the quicker one, and this one stays. */
function Ways({ country, busy }: { country: string; busy: boolean }) {
  const { t } = useWords()
  const operator = useQuery(operatorQuery)
  const isQuicker = operator.data?.signInFirst.includes(country) ?? false
  const kind = isQuicker ? 'primary' : 'even'
  return (
    <Pair>
      <ButtonLink kind={kind} to="/sign-in" search={{ next: '/lines' }}>
        {t('intake.sign-in')}
      </ButtonLink>
      <Button kind="even" submit form="intake" busy={busy}>
        {t('intake.ask')}
      </Button>
    </Pair>
  )
}
