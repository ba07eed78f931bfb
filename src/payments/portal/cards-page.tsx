/** Saved cards: added on the provider's own page, removed here; and the lines whose renewals they may pay. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { cardsQuery } from '../../portal/account-queries.ts'
import { linesQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { CardSetup, PaymentMethod } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { cardText } from './card-text.ts'
import { Added } from './card-added.tsx'
import { Renewals } from './card-renewals.tsx'

export function CardsPage() {
  const { t } = useWords()
  const cards = useQuery(cardsQuery)
  const lines = useQuery(linesQuery)
  const { added } = useSearch({ strict: false }) as { added?: string }
  const add = useMutation({
    mutationFn: () => send<CardSetup>('POST', '/v1/me/payment-methods'),
    onSuccess: async ({ setupUrl }) => {
      if (!setupUrl) return
      location.assign(setupUrl)
      // The button stays busy until the browser has left.
      await new Promise((resolve) => setTimeout(resolve, 8_000))
    },
  })
  const live = (lines.data ?? []).filter(({ state }) => state !== 'closing' && state !== 'closed')
  return (
    <Page
      head={t('cards.head')}
      sub={t('cards.sub')}
      back="/account"
      dock={
        <>
          <Refusal error={add.error} />
          <Button kind="primary" block busy={add.isPending} onClick={() => add.mutate()}>
            {t('cards.add')}
          </Button>
        </>
      }
    >
      {added && <Added methodId={added} />}
      <div className="mt-4">
        <Loaded query={cards} skeleton={<RowsSkeleton />}>
          {(list) => (
            <>
              {list.length === 0 && <p className="c2">{t('cards.none')}</p>}
              <ul className="rows">
                {list.map((card) => (
                  <CardRow key={card.methodId} card={card} />
                ))}
              </ul>
              <p className="small c2 mt-3">{t('cards.add-what')}</p>
              {list.length > 0 && live.length > 0 && (
                <Section title={t('cards.renewals')}>
                  <Renewals cards={list} lines={live} />
                </Section>
              )}
            </>
          )}
        </Loaded>
      </div>
    </Page>
  )
}

function CardRow({ card }: { card: PaymentMethod }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const name = cardText(card.instrument, t)
  const { expMonth, expYear } = card.instrument
  const until = `${String(expMonth).padStart(2, '0')}/${expYear}`
  return (
    <li>
      <div className="row">
        <Icon name="card" />
        <div className="grow">
          <div className="mid">{name}</div>
          <div className="small c2">
            {t(card.expired ? 'cards.expired' : 'cards.until', { until: `\u2066${until}\u2069` })}
          </div>
          {card.isDefault && <Tag tone="ok">{t('cards.default')}</Tag>}
        </div>
        <TextButton onClick={() => setOpen(true)}>{t('account.change')}</TextButton>
      </div>
      <Sheet open={open} onClose={() => setOpen(false)} title={name}>
        <Change card={card} onDone={() => setOpen(false)} />
      </Sheet>
    </li>
  )
}

type Items = { items: PaymentMethod[] }

function Change({ card, onDone }: { card: PaymentMethod; onDone: () => void }) {
  const { t } = useWords()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const at = `/v1/me/payment-methods/${card.methodId}`
  const done = ({ items }: Items, said: string) => {
    client.setQueryData(cardsQuery.queryKey, items)
    toast(said)
    onDone()
  }
  const first = useMutation({
    mutationFn: () => send<Items>('POST', `${at}/default`),
    onSuccess: (answer) => done(answer, t('account.saved')),
  })
  const remove = useMutation({
    mutationFn: () => send<Items>('DELETE', at),
    onSuccess: (answer) => done(answer, t('cards.removed')),
  })
  const lines = format.list(card.lines.map(({ nickname }) => nickname))
  return (
    <div className="grid gap-4">
      <p className="c2">
        {card.lines.length === 0 ? t('cards.remove-none') : t('cards.remove-what', { lines })}
      </p>
      <Refusal error={first.error ?? remove.error} />
      {!card.isDefault && (
        <Button kind="even" block busy={first.isPending} onClick={() => first.mutate()}>
          {t('cards.make-default')}
        </Button>
      )}
      <Button kind="even" block busy={remove.isPending} onClick={() => remove.mutate()}>
        {t('cards.remove')}
      </Button>
      <Button kind="even" block onClick={onDone}>
        {t('button.cancel')}
      </Button>
    </div>
  )
}
