/** Help: answers first, then conversations; reachable from every page and knowing which one. */
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { ButtonLink, linkProps, TextLink } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { type Tone, RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { Section } from '../../portal/page.tsx'
import { TabPage } from '../../portal/tab-page.tsx'
import { meQuery, ticketsQuery, wasSignedIn } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Ticket } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'

const questions: readonly (readonly [WordKey, WordKey])[] = [
  ['faq.install', 'faq.install-answer'],
  ['faq.where', 'faq.where-answer'],
  ['faq.close', 'faq.close-answer'],
  ['faq.money', 'faq.money-answer'],
  ['faq.withdraw', 'faq.withdraw-answer'],
  ['faq.data', 'faq.data-answer'],
  ['faq.proof', 'faq.proof-answer'],
  ['faq.code', 'faq.code-answer'],
]

export function HelpPage() {
  const { t } = useWords()
  const { page } = useSearch({ strict: false }) as { page?: string }
  const me = useQuery({ ...meQuery, enabled: wasSignedIn() })
  return (
    <TabPage title={t('page.help')}>
      <ul className="rows">
        {questions.map(([question, answer]) => (
          <li key={question}>
            <details className="group">
              <summary className="row list-none !items-center [&::-webkit-details-marker]:hidden">
                <span className="grow mid">{t(question)}</span>
                <Icon name="down" size="s" className="c3 group-open:rotate-180" />
              </summary>
              <p className="c2 pb-4">{t(answer)}</p>
            </details>
          </li>
        ))}
      </ul>
      <Section title={t('help.write')}>
        <p className="small c2 mt-1 mb-4">{t('help.write-sub')}</p>
        <ButtonLink to="/help/new" search={{ page, about: undefined }} kind="primary" block>
          {t('help.write-now')}
        </ButtonLink>
        <TextLink to="/close">{t('shop.close')}</TextLink>
      </Section>
      {me.data && <Conversations />}
    </TabPage>
  )
}

const states: Record<Ticket['state'], readonly [WordKey, Tone]> = {
  open: ['ticket.open', 'info'],
  answered: ['ticket.answered', 'ok'],
  solved: ['ticket.solved', 'neutral'],
}

export function TicketTag({ state }: { state: Ticket['state'] }) {
  const { t } = useWords()
  const [word, tone] = states[state]
  return <Tag tone={tone}>{t(word)}</Tag>
}

function Conversations() {
  const { t } = useWords()
  const format = useFormat()
  const tickets = useQuery(ticketsQuery)
  return (
    <Section title={t('help.conversations')}>
      <Loaded query={tickets} skeleton={<RowsSkeleton count={2} />}>
        {(list) =>
          list.length === 0 ? (
            <p className="small c2 mt-1">{t('help.none')}</p>
          ) : (
            <ul className="rows mt-1">
              {list.map((ticket) => (
                <li key={ticket.ticketId}>
                  <Link {...linkProps({ to: `/help/${ticket.ticketId}` })} className="row">
                    <span className="grow">
                      <span className="mid block">{ticket.subject}</span>
                      <span className="small c2 block">{format.moment(ticket.updatedAt)}</span>
                    </span>
                    <TicketTag state={ticket.state} />
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}
