/** The code that proves a contact is the subscriber's. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { meQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { CodeSent, Contact } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { InboxHint } from './sign-in-page.tsx'

type Props = { contact: Contact; sent: CodeSent; onDone: () => void }

export function VerifyContact({ contact, onDone }: Props) {
  const { t, rich } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const sentence = useSentence()
  const [code, setCode] = useState('')
  const [short, setShort] = useState(false)
  const path = `/v1/me/contacts/${contact.contactId}`
  const check = useMutation({
    mutationFn: (digits: string) => send<Contact>('POST', `${path}/verify`, { code: digits }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
      toast(t('contacts.done'))
      onDone()
    },
    onError: () => setCode(''),
  })
  const again = useMutation({
    mutationFn: () => send<CodeSent>('POST', `${path}/code`),
    onSuccess: () => check.reset(),
  })
  const type = (digits: string) => {
    if (digits && check.error) check.reset()
    setShort(false)
    setCode(digits)
    if (digits.length === 6 && !check.isPending) check.mutate(digits)
  }
  const wrong = problemCode(check.error)?.startsWith('code-') ? sentence(check.error) : undefined
  return (
    <Page
      head={t('contacts.code-head')}
      sub={rich('sign-in.code-sent', { to: <bdi className="strong">{contact.value}</bdi> })}
      dock={
        <Button
          kind="primary"
          block
          busy={check.isPending}
          onClick={() => (code.length < 6 ? setShort(true) : type(code))}
        >
          {t('contacts.check')}
        </Button>
      }
    >
      <div className="mt-6">
        {!wrong && <Refusal error={check.error ?? again.error} />}
        <CodeField
          label={t('code.label')}
          value={code}
          onChange={type}
          error={short ? t('code.short') : wrong}
          autoFocus
        />
        <div className="flex flex-wrap justify-between gap-x-4 mt-1">
          <TextButton busy={again.isPending} onClick={() => again.mutate()}>
            {t('code.again')}
          </TextButton>
          <TextButton onClick={onDone}>{t('contacts.later')}</TextButton>
        </div>
        <InboxHint />
      </div>
    </Page>
  )
}
