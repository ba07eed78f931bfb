/** Writing to the operator, with the facts of the page a person was stuck on filled in. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { ticketsQuery } from '../../portal/queries.ts'
import { failureKey } from '../../portal/refusals.ts'
import { useGo } from '../../portal/go.ts'
import type { Ticket } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Attach, type Chosen } from './attach.tsx'

type Search = { about?: string; page?: string; reference?: string }

/** What the person saw when they were stuck, and the subject that it makes. */
function useFacts({ about, reference }: Search) {
  const { t } = useWords()
  const key = about ? failureKey(about) : undefined
  const facts = key ? t(key, { triesLeft: 0, amount: '' }) : undefined
  const subject = reference ? t('ticket.about-closure', { reference }) : (facts ?? '').slice(0, 120)
  return { facts, subject }
}

export function NewTicketPage() {
  const { t } = useWords()
  const search = useSearch({ strict: false }) as Search
  const go = useGo()
  const client = useQueryClient()
  const { facts, subject } = useFacts(search)
  const [draft, setDraft, clear] = useDraft(
    `ticket:${search.about ?? ''}:${search.reference ?? ''}`,
    { subject, body: '' },
  )
  const [files, setFiles] = useState<readonly Chosen[]>([])
  const [tried, setTried] = useState(false)
  const create = useMutation({
    mutationFn: () =>
      send<Ticket>('POST', '/v1/tickets', {
        subject: draft.subject.trim(),
        body: draft.body.trim(),
        context: contextOf(search),
        attachments: files,
      }),
    onSuccess: async (ticket) => {
      clear()
      await client.invalidateQueries({ queryKey: ticketsQuery.queryKey })
      await go(`/help/${ticket.ticketId}`, { replace: true })
    },
  })
  const submit = () => {
    setTried(true)
    if (draft.subject.trim() && draft.body.trim() && !create.isPending) create.mutate()
  }
  const dock = (
    <>
      <Refusal error={create.error} />
      <Button kind="primary" block busy={create.isPending} onClick={submit}>
        {t('ticket.send')}
      </Button>
    </>
  )
  return (
    <Page head={t('help.write')} sub={t('help.write-sub')} dock={dock}>
      <div className="grid gap-5 mt-5">
        {facts && <Notice live={false}>{t('ticket.we-know', { facts })}</Notice>}
        <TextField
          label={t('ticket.subject')}
          value={draft.subject}
          maxLength={120}
          onChange={(subject) => setDraft({ ...draft, subject })}
          error={tried && !draft.subject.trim() ? t('ticket.subject-missing') : undefined}
        />
        <TextField
          label={t('ticket.body')}
          rows={5}
          value={draft.body}
          maxLength={4000}
          onChange={(body) => setDraft({ ...draft, body })}
          error={
            tried && draft.subject.trim() && !draft.body.trim()
              ? t('ticket.body-missing')
              : undefined
          }
        />
        <Attach files={files} onChange={setFiles} />
        {search.page && <p className="caption c3">{t('ticket.page', { page: search.page })}</p>}
      </div>
    </Page>
  )
}

function contextOf(search: Search): Record<string, string> {
  const known = { page: search.page, code: search.about, reference: search.reference }
  const entries = Object.entries(known).flatMap(([name, value]) =>
    value ? [[name, value.slice(0, 300)]] : [],
  )
  return Object.fromEntries(entries)
}
