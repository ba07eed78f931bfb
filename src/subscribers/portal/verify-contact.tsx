/** The code that proves a contact is the subscriber's. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { send } from '../../portal/api.ts'
import { meQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { CodeSent, Contact } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { CodePage } from './code-page.tsx'

export type Added = { contact: Contact; sent: CodeSent }
type Props = Added & { onDone: () => void }

export function VerifyContact({ contact, onDone }: Props) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const path = `/v1/me/contacts/${contact.contactId}`
  const check = useMutation({
    mutationFn: (digits: string) => send<Contact>('POST', `${path}/verify`, { code: digits }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
      toast(t('contacts.done'))
      onDone()
    },
  })
  const again = useMutation({
    mutationFn: () => send<CodeSent>('POST', `${path}/code`),
    onSuccess: () => check.reset(),
  })
  return (
    <CodePage
      head={t('contacts.code-head')}
      to={contact.value}
      enter={t('contacts.check')}
      atOnce
      check={check}
      again={again}
      other={t('contacts.later')}
      onOther={onDone}
    />
  )
}
