/** The account: who you are, your contacts and devices, your data, and the way to close it all. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { send } from '../../portal/api.ts'
import { linkProps } from '../../portal/components/button.tsx'
import { Icon, type IconName } from '../../portal/components/icon.tsx'
import { forgetDrafts } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { Section } from '../../portal/page.tsx'
import { TabPage } from '../../portal/tab-page.tsx'
import { forgetOwner } from '../../portal/offline/last-known.ts'
import { devicesQuery, passkeysQuery } from '../../portal/account-queries.ts'
import { closuresQuery, meQuery } from '../../portal/queries.ts'
import { useGo } from '../../portal/go.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { LanguageChoice } from '../../portal/language.tsx'
import { ThemeChoice } from '../../portal/settings.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Contact, Subscriber } from '../../portal/wire.ts'
import { useLeaving } from '../../portal/leaving.ts'
import { useWords } from '../../portal/words.tsx'
import { ProfileFields } from './profile-fields.tsx'

export function AccountPage() {
  const { t } = useWords()
  const me = useSubscriber()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const devices = useQuery(devicesQuery)
  const passkeys = useQuery(passkeysQuery)
  const setLocale = useMutation({
    mutationFn: (locale: string) => send<Subscriber>('PATCH', '/v1/me', { locale }),
    onSuccess: (saved) => {
      client.setQueryData(meQuery.queryKey, saved)
      toast(t('account.saved'))
    },
  })
  const verified = me.contacts.filter((contact) => contact.verifiedAt !== null)
  return (
    <TabPage title={t('tab.account')}>
      <ProfileFields me={me} />
      <ul className="rows mt-2">
        <RowLink icon="mail" to="/account/contacts" title={t('account.contacts')}>
          <bdi>{verified.map(contactText).join(' · ')}</bdi>
        </RowLink>
        <RowLink icon="laptop" to="/account/devices" title={t('account.devices')}>
          {devices.data && t('account.devices-count', { count: devices.data.length })}
        </RowLink>
        <RowLink icon="key" to="/account/passkeys" title={t('account.passkeys')}>
          {passkeys.data && t('account.passkeys-count', { count: passkeys.data.length })}
        </RowLink>
        <RowLink icon="card" to="/account/cards" title={t('account.cards')}>
          {t('account.cards-what')}
        </RowLink>
        <RowLink icon="chat" to="/account/messages" title={t('account.notices')}>
          {t('account.notices-what')}
        </RowLink>
        <li>
          <a className="row" href="/v1/me/export" download>
            <Icon name="download" />
            <span className="grow">
              <span className="mid block">{t('account.export')}</span>
              <span className="small c2 block">{t('account.export-what')}</span>
            </span>
          </a>
        </li>
      </ul>
      <Section title={t('page.language')}>
        <div className="mt-2.5">
          <LanguageChoice onChange={(locale) => setLocale.mutate(locale)} />
        </div>
      </Section>
      <Section title={t('settings.theme')}>
        <div className="mt-2.5">
          <ThemeChoice />
        </div>
      </Section>
      <p className="caption c3 mt-6">
        {t('account.since', { date: format.day(me.createdAt, { year: true }) })}
      </p>
      <Leaving />
    </TabPage>
  )
}

type RowLinkProps = { icon: IconName; to: string; title: string; children?: ReactNode }

function RowLink({ icon, to, title, children }: RowLinkProps) {
  return (
    <li>
      <Link {...linkProps({ to })} className="row">
        <Icon name={icon} />
        <span className="grow">
          <span className="mid block">{title}</span>
          {/* Keeps its line while it loads, so that nothing below it jumps. */}
          <span className="small c2 block">{children || '\u00a0'}</span>
        </span>
        <Icon name="next" size="s" className="c3 self-center" />
      </Link>
    </li>
  )
}

/** Signing out is for today; closing is for good. Both stand open, side by side with what is under
 * way. */
function Leaving() {
  const { t } = useWords()
  const leaving = useLeaving()
  const go = useGo()
  const client = useQueryClient()
  const closures = useQuery(closuresQuery)
  const underway = (closures.data ?? []).find(
    (closure) => closure.scope === 'account' && !over.has(closure.state),
  )
  const signOut = useMutation({
    mutationFn: () => send<void>('POST', '/v1/sign-out'),
    onSuccess: async () => {
      forgetDrafts()
      forgetOwner()
      await go('/')
      client.clear()
      client.setQueryData(meQuery.queryKey, null)
    },
  })
  return (
    <>
      <Refusal error={signOut.error} />
      <ul className="rows border-t border-line mt-2">
        <li>
          <button
            type="button"
            className="row"
            onClick={() => !signOut.isPending && signOut.mutate()}
          >
            <span className="grow mid">{t('account.sign-out')}</span>
          </button>
        </li>
        <li>
          <Link
            {...linkProps({ to: underway ? `/closures/${underway.caseId}` : '/close/account' })}
            className="row"
          >
            <span className="grow">
              <span className="mid block">{leaving.close(t('account.close'))}</span>
              <span className="small c2 block">
                {underway
                  ? t('account.closing', { reference: underway.reference })
                  : t('account.close-what')}
              </span>
            </span>
            <Icon name="next" size="s" className="c3 self-center" />
          </Link>
        </li>
      </ul>
    </>
  )
}

/** The address as it is, a number in groups. */
function contactText({ kind, value }: Contact): string {
  return kind === 'phone' ? formatNumberE164(value) : value
}

const over = new Set(['closed', 'withdrawn', 'rejected'])
