/** Which messages come, and on which channels; those nobody can switch off say why. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { send } from '../../portal/api.ts'
import { TextLink } from '../../portal/components/button.tsx'
import { Tick } from '../../portal/components/choices.tsx'
import { RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { noticesQuery } from '../../portal/account-queries.ts'
import { useSubscriber } from '../../portal/session.tsx'
import type { NoticeTopic } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

const words = {
  usage: ['notices.usage', 'notices.usage-what'],
  renewal: ['notices.renewal', 'notices.renewal-what'],
  help: ['notices.help', 'notices.help-what'],
  news: ['notices.news', 'notices.news-what'],
  receipts: ['notices.receipts', 'notices.receipts-what'],
  security: ['notices.security', 'notices.security-what'],
  closing: ['notices.closing', 'notices.closing-what'],
} as const

const channelWords = { email: 'notices.email', sms: 'notices.sms' } as const

const whyWords = {
  law: 'notices.why-law',
  security: 'notices.why-security',
  closing: 'notices.why-closing',
} as const

export function ChoicesPage() {
  const { t } = useWords()
  const topics = useQuery(noticesQuery)
  return (
    <Page
      head={t('notices.head')}
      title={t('account.notices')}
      sub={t('notices.sub')}
      back="/account"
    >
      <Loaded query={topics} skeleton={<RowsSkeleton />}>
        {(all) => {
          const fixed = (topic: NoticeTopic) => !topic.email?.mayChange && !topic.sms?.mayChange
          return (
            <>
              <div className="mt-2 grid gap-1">
                {all
                  .filter((topic) => !fixed(topic))
                  .map((topic) => (
                    <Choosing key={topic.topic} topic={topic} />
                  ))}
              </div>
              <Section title={t('notices.always')}>
                <ul className="rows">
                  {all.filter(fixed).map((topic) => (
                    <li key={topic.topic} className="row">
                      <div className="grow">
                        <div className="mid">{t(words[topic.topic][0])}</div>
                        <div className="small c2">{t(words[topic.topic][1])}</div>
                        <Reason topic={topic} />
                      </div>
                    </li>
                  ))}
                </ul>
              </Section>
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

const channels = ['email', 'sms'] as const

function Choosing({ topic }: { topic: NoticeTopic }) {
  const { t } = useWords()
  const client = useQueryClient()
  const { contacts } = useSubscriber()
  const hasPhone = contacts.some(({ kind, verifiedAt }) => kind === 'phone' && verifiedAt !== null)
  const choose = useMutation({
    mutationFn: ({ channel, wanted }: { channel: 'email' | 'sms'; wanted: boolean }) =>
      send<{ items: NoticeTopic[] }>('PUT', `/v1/me/notices/${topic.topic}/${channel}`, { wanted }),
    onSuccess: ({ items }) => client.setQueryData(noticesQuery.queryKey, items),
  })
  // What is on its way is shown as chosen; without an answer it is again what it was.
  const shown = (channel: 'email' | 'sms') =>
    choose.isPending && choose.variables.channel === channel
      ? choose.variables.wanted
      : topic[channel]!.wanted
  // Of its use a line is told on itself, so that needs no other number.
  const needsPhone = topic.sms !== null && topic.topic !== 'usage' && !hasPhone
  return (
    <fieldset className="border-b border-line py-3.5">
      <legend className="contents">
        <span className="mid block">{t(words[topic.topic][0])}</span>
      </legend>
      <p className="small c2">{t(words[topic.topic][1])}</p>
      <div className="flex flex-wrap gap-x-8 mt-2">
        {channels.map((channel) => {
          const state = topic[channel]
          if (!state) return null
          if (!state.mayChange)
            return (
              <p key={channel} className="flex items-baseline gap-2">
                {t(channelWords[channel])} <Tag>{t('notices.always')}</Tag>
              </p>
            )
          return (
            <Tick
              key={channel}
              checked={shown(channel)}
              onChange={(wanted) => !choose.isPending && choose.mutate({ channel, wanted })}
            >
              {t(channelWords[channel])}
            </Tick>
          )
        })}
      </div>
      <Reason topic={topic} />
      {needsPhone && (
        <p className="small">
          <TextLink to="/account/contacts">{t('notices.no-phone')}</TextLink>
        </p>
      )}
      <Refusal error={choose.error} />
    </fieldset>
  )
}

function Reason({ topic: { why } }: { topic: NoticeTopic }) {
  const { t } = useWords()
  return why && <p className="caption c2 mt-1">{t(whyWords[why])}</p>
}
