/** Contacts: add, verify by code, remove. A second one is what lets a line's owner confirm its
 * closing. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { Segmented } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { Page, Section } from '../../portal/page.tsx'
import { meQuery } from '../../portal/queries.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { CodeSent, Contact } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { type Added, VerifyContact } from './verify-contact.tsx'

type Kind = 'email' | 'phone'

export function ContactsPage() {
  const { t } = useWords()
  const me = useSubscriber()
  const [checking, setChecking, done] = useDraft<Added | null>('contact-check', null)
  const open = me.contacts.find((contact) => contact.contactId === checking?.contact.contactId)
  const finish = () => {
    done()
    setChecking(null)
    done()
  }
  if (checking && !open?.verifiedAt) {
    return <VerifyContact contact={checking.contact} sent={checking.sent} onDone={finish} />
  }
  return (
    <Page head={t('contacts.head')} sub={t('contacts.sub')} back="/account">
      <ul className="rows mt-4">
        {me.contacts.map((contact) => (
          <ContactRow
            key={contact.contactId}
            contact={contact}
            onCheck={(sent) => setChecking({ contact, sent })}
          />
        ))}
      </ul>
      <AddContact onAdded={setChecking} />
    </Page>
  )
}

type RowProps = { contact: Contact; onCheck: (sent: CodeSent) => void }

function ContactRow({ contact, onCheck }: RowProps) {
  const { t } = useWords()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const path = `/v1/me/contacts/${contact.contactId}`
  const remove = useMutation({
    mutationFn: () => send<void>('DELETE', path),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
      toast(t('contacts.removed'))
    },
  })
  const again = useMutation({
    mutationFn: () => send<CodeSent>('POST', `${path}/code`),
    onSuccess: onCheck,
  })
  return (
    <li>
      <div className="row">
        <Icon name={contact.kind === 'email' ? 'mail' : 'phone'} />
        <div className="grow">
          <div className="mid">
            <bdi>{contact.kind === 'phone' ? formatNumberE164(contact.value) : contact.value}</bdi>
          </div>
          {contact.verifiedAt ? (
            <div className="small c2">
              {t('contacts.verified', { date: format.day(contact.verifiedAt) })}
            </div>
          ) : (
            <Tag tone="warn">{t('contacts.unverified')}</Tag>
          )}
        </div>
        {!contact.verifiedAt && (
          <TextButton busy={again.isPending} onClick={() => again.mutate()}>
            {t('contacts.verify')}
          </TextButton>
        )}
        <TextButton busy={remove.isPending} onClick={() => remove.mutate()}>
          {t('button.remove')}
        </TextButton>
      </div>
      <Refusal error={remove.error ?? again.error} />
    </li>
  )
}

const empty = { kind: 'phone', value: '' } as const

function AddContact({ onAdded }: { onAdded: (added: Added) => void }) {
  const { t } = useWords()
  const client = useQueryClient()
  const [draft, setDraft, clear] = useDraft<{ kind: Kind; value: string }>('contact', empty)
  const { kind, value } = draft
  const [missing, setMissing] = useState(false)
  const add = useMutation({
    mutationFn: () => send<Added>('POST', '/v1/me/contacts', { kind, value: value.trim() }),
    onSuccess: async (added) => {
      clear()
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
      onAdded(added)
    },
  })
  const submit = () => {
    setMissing(value.trim().length < 3)
    if (value.trim().length >= 3 && !add.isPending) add.mutate()
  }
  return (
    <Section title={t('contacts.add')}>
      <form
        noValidate
        className="grid gap-4 mt-3"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <Segmented
          legend={t('contacts.add')}
          options={[
            ['phone', t('contacts.phone')],
            ['email', t('contacts.email')],
          ]}
          value={kind}
          onChange={(next) => setDraft({ ...draft, kind: next })}
        />
        <TextField
          key={kind}
          label={kind === 'phone' ? t('contacts.phone-number') : t('sign-in.email')}
          hint={kind === 'phone' ? t('contacts.phone-hint') : undefined}
          type={kind === 'phone' ? 'tel' : 'email'}
          inputMode={kind === 'phone' ? 'tel' : 'email'}
          autoComplete={kind === 'phone' ? 'tel' : 'email'}
          value={value}
          onChange={(next) => setDraft({ ...draft, value: next })}
          error={missing ? t('refusal.contact-invalid') : undefined}
        />
        <Refusal error={add.error} />
        <Button kind="primary" submit busy={add.isPending}>
          {t('contacts.send')}
        </Button>
      </form>
    </Section>
  )
}
