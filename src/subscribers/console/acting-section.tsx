/** Who acts for a subscriber: registered by staff who have seen the proof, and ended by them. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { useStaff } from '../../console/session.tsx'
import type { StaffSubscriber } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button, Pair, TextButton } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { SelectField, TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { localeNames } from '../../values/locale.ts'

type Props = { person: StaffSubscriber }
type Representative = NonNullable<StaffSubscriber['representative']>
type Kind = Representative['kind']

const useRefresh = () => {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: ['staff', 'subscribers'] })
}

export function ActingSection({ person }: Props) {
  const { t } = useConsoleWords()
  const { role } = useStaff()
  const [registering, setRegistering] = useState(false)
  const may = ['support', 'reviewer', 'admin'].includes(role) && person.state === 'active'
  return (
    <section className="casesect">
      <h2 className="strong">{t('acting.title')}</h2>
      {person.representative ? (
        <Acting person={person} one={person.representative} may={may} />
      ) : (
        <>
          <p className="c2 small">{t('acting.nobody')}</p>
          {may && (
            <TextButton onClick={() => setRegistering(true)}>{t('acting.register')}</TextButton>
          )}
        </>
      )}
      {registering && <RegisterSheet person={person} onClose={() => setRegistering(false)} />}
    </section>
  )
}

function Acting({ person, one, may }: Props & { one: Representative; may: boolean }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const toast = useToast()
  const refresh = useRefresh()
  const at = `/v1/staff/subscribers/${person.subscriberId}`
  const end = useMutation({
    mutationFn: () => send('DELETE', `${at}/representatives/${one.representativeId}`),
    onSuccess: async () => {
      await refresh()
      toast(t('acting.ended'))
    },
  })
  const close = useMutation({
    mutationFn: () => send<{ reference: string }>('POST', `${at}/closures`, { scope: 'account' }),
    onSuccess: async ({ reference }) => {
      await refresh()
      toast(t('acting.opened', { reference }))
    },
  })
  const born = one.bornOn && t('acting.born-on', { when: format.day(one.bornOn, { year: true }) })
  const since = t('acting.since', { when: format.day(one.addedAt, { year: true }) })
  return (
    <>
      <p>
        <bdi className="strong">{one.name}</bdi> · <bdi>{one.email}</bdi>
      </p>
      <p className="c2 small">
        {[t(`acting.${one.kind}`), born, since].filter(Boolean).join(' · ')}
      </p>
      <Refused error={end.error ?? close.error} />
      {may && (
        <Pair>
          {one.kind === 'estate' && (
            <Button kind="even" busy={close.isPending} onClick={() => close.mutate()}>
              {t('acting.close')}
            </Button>
          )}
          <Button kind="even" busy={end.isPending} onClick={() => end.mutate()}>
            {t('acting.end')}
          </Button>
        </Pair>
      )}
    </>
  )
}

const empty = { name: '', email: '', bornOn: '', evidence: '', locale: 'en' }

function useRegister(person: StaffSubscriber, onClose: () => void) {
  const { t } = useConsoleWords()
  const toast = useToast()
  const refresh = useRefresh()
  return useMutation({
    mutationFn: ({ bornOn, ...rest }: typeof empty & { kind: Kind }) =>
      send<Representative>('POST', `/v1/staff/subscribers/${person.subscriberId}/representatives`, {
        ...rest,
        ...(rest.kind === 'guardian' && { bornOn }),
      }),
    onSuccess: async () => {
      await refresh()
      toast(t('acting.registered'))
      onClose()
    },
  })
}

function RegisterSheet({ person, onClose }: Props & { onClose: () => void }) {
  const { t } = useConsoleWords()
  const [kind, setKind] = useState<Kind>()
  const [fields, setFields] = useState(empty)
  const [asked, setAsked] = useState(false)
  const isGuardian = kind === 'guardian'
  const register = useRegister(person, onClose)
  const missing = (name: keyof typeof empty) =>
    asked && fields[name].trim() === '' ? t('acting.missing') : undefined
  const field = (name: 'name' | 'email' | 'bornOn' | 'evidence') => ({
    value: fields[name],
    onChange: (value: string) => setFields({ ...fields, [name]: value }),
    error: missing(name),
  })
  const needed = ['name', 'email', 'evidence', ...(isGuardian ? ['bornOn'] : [])] as const
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    const full = needed.every((name) => fields[name as keyof typeof empty].trim() !== '')
    if (kind && full && !register.isPending) register.mutate({ ...fields, kind })
  }
  return (
    <Sheet open onClose={onClose} title={t('acting.title')}>
      <form className="grid gap-5" noValidate onSubmit={submit}>
        <p className="c2">{t('acting.what')}</p>
        <Choices
          legend={t('acting.kind')}
          choices={(['guardian', 'estate'] as const).map((key) => ({
            key,
            label: t(`acting.${key}`),
          }))}
          value={kind}
          onChange={setKind}
          error={asked && !kind ? t('acting.kind-missing') : undefined}
        />
        <TextField label={t('acting.name')} maxLength={100} {...field('name')} />
        <TextField label={t('acting.email')} type="email" maxLength={254} {...field('email')} />
        {isGuardian && <TextField label={t('acting.born')} type="date" {...field('bornOn')} />}
        <TextField label={t('acting.evidence')} rows={3} maxLength={500} {...field('evidence')} />
        <SelectField
          label={t('acting.locale')}
          value={fields.locale}
          onChange={(locale) => setFields({ ...fields, locale })}
          options={Object.entries(localeNames)}
        />
        <Refused error={register.error} />
        <SheetButtons busy={register.isPending} word={t('acting.register')} onClose={onClose} />
      </form>
    </Sheet>
  )
}
