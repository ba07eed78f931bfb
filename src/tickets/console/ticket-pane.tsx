/** One conversation: what was said, the page it came from, and the reply. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Facts } from '../../console/components/facts.tsx'
import { Loaded, Refused } from '../../console/components/listing.tsx'
import { ticketQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { StaffTicket } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button, TextLink } from '../../portal/components/button.tsx'
import { Tick } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { Attached } from '../portal/attached.tsx'
import { ticketTones } from './ticket-state.ts'

export function TicketPane({
  ticketId,
  known,
}: {
  ticketId: string
  known: StaffTicket | undefined
}) {
  const { t } = useConsoleWords()
  const query = useQuery({ ...ticketQuery(ticketId), ...(known && { placeholderData: known }) })
  return (
    <Loaded query={query}>
      {(ticket) =>
        ticket ? <Conversation ticket={ticket} /> : <p className="empty">{t('tickets.gone')}</p>
      }
    </Loaded>
  )
}

function Conversation({ ticket }: { ticket: StaffTicket }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const context = Object.entries(ticket.context)
  return (
    <>
      <article className="case">
        <header className="casehead">
          <div className="min-w-0 grow">
            <p className="caption c3">
              {t('tickets.opened', {
                name: ticket.subscriberName || t('case.nameless'),
                when: format.full(ticket.createdAt),
              })}
            </p>
            <h2 className="head">{ticket.subject}</h2>
          </div>
          <div className="deadline">
            <Tag tone={ticketTones[ticket.state]}>{code('ticket-state', ticket.state)}</Tag>
          </div>
        </header>
        <div className="casebody">
          <div className="casemain">
            <Messages ticket={ticket} />
          </div>
          <aside className="caseside" aria-label={t('tickets.facts')}>
            <section className="factbox">
              <h2 className="strong small">{t('facts.subscriber')}</h2>
              <TextLink
                to={`/subscribers/${ticket.subscriberId}`}
                search={{ query: ticket.subscriberName || undefined }}
              >
                {ticket.subscriberName || t('facts.open-subscriber')}
              </TextLink>
            </section>
            {context.length > 0 && (
              <Facts
                title={t('tickets.context')}
                rows={context.map(([key, value]) => [
                  code('context', key),
                  <bdi key={key}>{value}</bdi>,
                ])}
              />
            )}
          </aside>
        </div>
      </article>
      <Reply ticket={ticket} />
    </>
  )
}

function Messages({ ticket }: { ticket: StaffTicket }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <ol className="talk">
      {ticket.messages.map(({ messageId, author, body, attachments, at }) => (
        <li key={messageId} className={author}>
          <p className="caption c3">
            {author === 'staff' ? t('tickets.staff') : ticket.subscriberName || t('case.nameless')}
            {' · '}
            <span className="num">{format.moment(at)}</span>
          </p>
          <p className="said">{body}</p>
          <Attached at={`/v1/staff/tickets/${ticket.ticketId}`} message={{ attachments }} />
        </li>
      ))}
    </ol>
  )
}

const mayReply: readonly string[] = ['support', 'reviewer', 'finance', 'admin']

function Reply({ ticket }: { ticket: StaffTicket }) {
  const { t, code } = useConsoleWords()
  const { role } = useStaff()
  const toast = useToast()
  const client = useQueryClient()
  const [body, setBody, forget] = useDraft(`reply.${ticket.ticketId}`, '')
  const [missing, setMissing] = useState(false)
  const [solved, setSolved] = useState(false)
  const reply = useMutation({
    mutationFn: () =>
      send('POST', `/v1/staff/tickets/${ticket.ticketId}/messages`, { body: body.trim(), solved }),
    onSuccess: () => {
      setBody('')
      forget()
      toast(t('tickets.sent'))
      return client.invalidateQueries({ queryKey: ['staff', 'tickets'] })
    },
  })
  if (!mayReply.includes(role)) {
    return (
      <footer className="decide">
        <p className="caption c2">{t('tickets.role', { role: code('role', role) })}</p>
      </footer>
    )
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(body.trim() === '')
    if (body.trim() !== '' && !reply.isPending) reply.mutate()
  }
  return (
    <footer className="decide">
      <form className="grid gap-3" onSubmit={submit}>
        <TextField
          label={t('tickets.reply')}
          value={body}
          onChange={setBody}
          rows={3}
          maxLength={4000}
          error={missing && body.trim() === '' ? t('tickets.reply-missing') : undefined}
        />
        <Tick checked={solved} onChange={setSolved}>
          {t('tickets.solved')}
        </Tick>
        <Refused error={reply.error} />
        <div className="decidebar">
          <Button kind="primary" submit busy={reply.isPending}>
            {t('tickets.send')}
          </Button>
          <span className="caption c3">
            {t('tickets.told', { name: ticket.subscriberName || t('case.nameless') })}
          </span>
        </div>
      </form>
    </footer>
  )
}
