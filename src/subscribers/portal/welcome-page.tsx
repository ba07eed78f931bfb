/** The first sign-in: name, country of residence, language, and an e-mail address where there is none yet; the country
 * decides which rules protect the person. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { SelectField, TextField } from '../../portal/components/field.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { meQuery, operatorQuery } from '../../portal/queries.ts'
import { placeInside, useGo } from '../../portal/go.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { LanguageChoice } from '../../portal/language.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Subscriber } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { looksLikeMail } from './sign-in-page.tsx'
import { type Added, VerifyContact } from './verify-contact.tsx'

type Draft = { name: string; country: string; email?: string; added?: Added }

export function WelcomePage() {
  const me = useSubscriber()
  const go = useGo()
  const client = useQueryClient()
  const { next } = useSearch({ strict: false }) as { next?: string }
  const initial: Draft = { name: me.name, country: me.country ?? '' }
  const [draft, setDraft, clear] = useDraft('welcome', initial)
  const leave = () => {
    clear()
    const { to, search } = placeInside(next)
    return go(to, { search, replace: true })
  }
  if (!draft.added) return <WhoFor draft={draft} setDraft={setDraft} leave={leave} />
  const { added, ...typed } = draft
  const checked = () => {
    setDraft(typed)
    // Put off, the form is there again; the address can be corrected.
    if (client.getQueryData(meQuery.queryKey)?.complete) void leave()
  }
  return <VerifyContact {...added} onDone={checked} />
}

type FormProps = { draft: Draft; setDraft: (draft: Draft) => void; leave: () => Promise<void> }

function WhoFor({ draft, setDraft, leave }: FormProps) {
  const { t, locale } = useWords()
  const me = useSubscriber()
  const client = useQueryClient()
  const [tried, setTried] = useState(false)
  const hasMail = me.contacts.some(({ kind, verifiedAt }) => kind === 'email' && verifiedAt)
  const email = (draft.email ?? '').trim()
  const save = useMutation({
    mutationFn: async () => {
      const { name, country } = draft
      const known = { ...placeIn(country), name: name.trim(), locale }
      const saved = await send<Subscriber>('PATCH', '/v1/me', known)
      client.setQueryData(meQuery.queryKey, saved)
      if (hasMail) return undefined
      return send<Added>('POST', '/v1/me/contacts', { kind: 'email', value: email })
    },
    onSuccess: (added) => (added ? setDraft({ ...draft, added }) : leave()),
  })
  const mailMissing = !hasMail && !looksLikeMail(email)
  const submit = () => {
    setTried(true)
    if (draft.name.trim() && draft.country && !mailMissing) save.mutate()
  }
  const dock = (
    <>
      <Refusal error={save.error} />
      <Button kind="primary" block submit form="welcome" busy={save.isPending}>
        {t('welcome.save')}
      </Button>
    </>
  )
  return (
    <Page head={t('welcome.head')} sub={t('welcome.sub')} bare dock={dock}>
      <form
        id="welcome"
        noValidate
        className="grid gap-5 mt-6"
        onSubmit={(event) => {
          event.preventDefault()
          if (!save.isPending) submit()
        }}
      >
        <TextField
          label={t('welcome.name')}
          autoComplete="name"
          value={draft.name}
          maxLength={100}
          onChange={(name) => setDraft({ ...draft, name })}
          error={tried && !draft.name.trim() ? t('welcome.name-missing') : undefined}
        />
        <CountryField
          value={draft.country}
          onChange={(country) => setDraft({ ...draft, country })}
          error={tried && !draft.country ? t('welcome.country-missing') : undefined}
        />
        {!hasMail && (
          <MailField
            value={draft.email ?? ''}
            onChange={(next) => setDraft({ ...draft, email: next })}
            isMissing={tried && mailMissing}
          />
        )}
        <div className="fld">
          <span className="label">{t('page.language')}</span>
          <LanguageChoice onChange={() => {}} />
        </div>
      </form>
    </Page>
  )
}

type MailProps = { value: string; onChange: (email: string) => void; isMissing: boolean }

function MailField({ value, onChange, isMissing }: MailProps) {
  const { t } = useWords()
  return (
    <TextField
      label={t('sign-in.email')}
      hint={t('welcome.email-why')}
      type="email"
      inputMode="email"
      autoComplete="email"
      maxLength={254}
      value={value}
      onChange={onChange}
      error={isMissing ? t('sign-in.email-wrong') : undefined}
    />
  )
}

/** What was chosen, a country or a part of one, as the API takes it. */
export function placeIn(code: string) {
  const [country, region] = code.split('-')
  return country ? { country, ...(region && { region }) } : {}
}

type CountryProps = { value: string; onChange: (code: string) => void; error?: string | undefined }

export function CountryField({ value, onChange, error }: CountryProps) {
  const { t, locale } = useWords()
  const format = useFormat()
  const operator = useQuery(operatorQuery)
  const { residence = [], regions = [] } = operator.data ?? {}
  const options = [...residence, ...regions]
    .map((code) => [code, format.country(code)] as const)
    .toSorted((a, b) => a[1].localeCompare(b[1], locale))
  return (
    <SelectField
      label={t('welcome.country')}
      hint={t('welcome.country-why')}
      value={value}
      onChange={onChange}
      options={options}
      empty={t('welcome.country-choose')}
      error={error}
    />
  )
}
