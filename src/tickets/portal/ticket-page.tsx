/** One conversation, newest at the end, and a field to go on. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { ticketQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Ticket } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Attach, type Chosen } from './attach.tsx'
import { Attached } from './attached.tsx'
import { TicketTag } from './help-page.tsx'

export function TicketPage() {
  const { ticketId } = useParams({ strict: false }) as { ticketId: string }
  const { t } = useWords()
  const ticket = useQuery({ ...ticketQuery(ticketId), refetchInterval: 10_000 })
  if (ticket.data) return <Conversation ticket={ticket.data} />
  return (
    <Page head={t('help.conversation')} back="/help">
      <Loaded query={ticket} skeleton={<RowsSkeleton />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function Conversation({ ticket }: { ticket: Ticket }) {
  const { t } = useWords()
  const format = useFormat()
  return (
    <Page
      head={ticket.subject}
      above={<TicketTag state={ticket.state} />}
      back="/help"
      dock={<Reply ticket={ticket} />}
    >
      <ol className="rows mt-4">
        {ticket.messages.map((message) => (
          <li key={message.messageId} className="py-3.5">
            <div className="small flex justify-between gap-3">
              <span className="strong">
                {message.author === 'staff' ? t('ticket.from-us') : t('ticket.from-you')}
              </span>
              <span className="c3 num">{format.moment(message.at)}</span>
            </div>
            <p className="mt-1 whitespace-pre-wrap break-words">{message.body}</p>
            <Attached at={`/v1/tickets/${ticket.ticketId}`} message={message} />
          </li>
        ))}
      </ol>
    </Page>
  )
}

function Reply({ ticket }: { ticket: Ticket }) {
  const { t } = useWords()
  const client = useQueryClient()
  const [body, setBody, clear] = useDraft(`reply:${ticket.ticketId}`, '')
  const [files, setFiles] = useState<readonly Chosen[]>([])
  const [tried, setTried] = useState(false)
  const reply = useMutation({
    mutationFn: () =>
      send<Ticket>('POST', `/v1/tickets/${ticket.ticketId}/messages`, {
        body: body.trim(),
        attachments: files,
      }),
    onSuccess: (next) => {
      client.setQueryData(ticketQuery(ticket.ticketId).queryKey, next)
      setTried(false)
      setBody('')
      setFiles([])
      clear()
    },
  })
  const submit = () => {
    setTried(true)
    if (body.trim() && !reply.isPending) reply.mutate()
  }
  return (
    <div className="grid gap-3">
      <Refusal error={reply.error} />
      <TextField
        label={t('ticket.reply')}
        value={body}
        rows={2}
        maxLength={4000}
        onChange={setBody}
        error={tried && !body.trim() ? t('ticket.body-missing') : undefined}
      />
      <Attach files={files} onChange={setFiles} />
      <Button kind="primary" block busy={reply.isPending} onClick={submit}>
        {t('ticket.send')}
      </Button>
    </div>
  )
}
