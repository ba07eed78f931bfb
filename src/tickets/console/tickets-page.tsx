/** Conversations with subscribers: those that wait for an answer first, the conversation beside. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { Kbd } from '../../console/components/kbd.tsx'
import { itemsOf, Listing } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { useKeys } from '../../console/keys.ts'
import { ticketsQuery } from '../../console/queries.ts'
import type { StaffTicket } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { TicketPane } from './ticket-pane.tsx'
import { ticketStates, ticketTones } from './ticket-state.ts'

export function TicketsPage() {
  const { t, code } = useConsoleWords()
  const go = useGo()
  const { ticketId } = useParams({ strict: false }) as { ticketId?: string }
  const search = useSearch({ strict: false }) as { state?: string }
  const state = ticketStates.find((known) => known === search.state) ?? 'open'
  const query = useInfiniteQuery(ticketsQuery(state))
  const rows = itemsOf(query.data)
  const at = rows.findIndex((row) => row.ticketId === ticketId)
  const open = (row: StaffTicket | undefined) => {
    if (row) void go(`/tickets/${row.ticketId}`, { search: { state: search.state } })
  }
  useKeys({
    j: () => open(rows[Math.min(at + 1, rows.length - 1)]),
    k: () => open(rows[Math.max(at - 1, 0)]),
  })
  const filter = (
    <select
      className="pick"
      aria-label={t('tickets.state')}
      value={state}
      onChange={(event) => void go('/tickets', { search: { state: event.target.value } })}
    >
      {ticketStates.map((each) => (
        <option key={each} value={each}>
          {code('ticket-state', each)}
        </option>
      ))}
    </select>
  )
  return (
    <Split
      title={t('tickets.title')}
      tools={filter}
      list={
        <Listing query={query} empty={t('tickets.empty', { state: code('ticket-state', state) })}>
          {(items) => <Rows items={items} ticketId={ticketId} state={search.state} />}
        </Listing>
      }
      foot={
        <p className="keyline" aria-hidden="true">
          <Kbd>J</Kbd>
          <Kbd>K</Kbd>
          <span>{t('keys.both')}</span>
        </p>
      }
      item={ticketId && <TicketPane key={ticketId} ticketId={ticketId} known={rows[at]} />}
      itemKey={ticketId}
      back="/tickets"
      choose={t('tickets.choose')}
    />
  )
}

type RowsProps = { items: StaffTicket[]; ticketId: string | undefined; state: string | undefined }

function Rows({ items, ticketId, state }: RowsProps) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((ticket) => (
        <li key={ticket.ticketId}>
          <Link
            {...linkProps({ to: `/tickets/${ticket.ticketId}`, search: { state } })}
            className="qrow plainrow"
            aria-current={ticket.ticketId === ticketId || undefined}
          >
            <span className="min-w-0">
              <span className="mid block truncate">{ticket.subject}</span>
              <span className="caption c3 block truncate">
                {ticket.subscriberName || t('case.nameless')}
              </span>
            </span>
            <span className="figures">
              <span className="block">
                <Tag tone={ticketTones[ticket.state]}>{code('ticket-state', ticket.state)}</Tag>
              </span>
              <span className="caption c3 num block">{format.moment(ticket.updatedAt)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
