/** Add-ons of a line: what can be had on top, each with its price and its end, and what runs. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { quantityText } from '../../plans/portal/plan-text.ts'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { Entry, Ledger } from '../../portal/components/ledger.tsx'
import { Empty, Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { useGo } from '../../portal/go.ts'
import { Page, Section } from '../../portal/page.tsx'
import { addonsQuery } from '../../portal/line-queries.ts'
import { lineQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Addons, Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

type Offer = Addons['offers'][number]

export function AddonsPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const line = useQuery(lineQuery(lineId))
  const addons = useQuery(addonsQuery(lineId))
  if (line.data && addons.data) return <Shown line={line.data} addons={addons.data} />
  return (
    <Page head={t('addons.head')} back={`/lines/${lineId}`}>
      <Loaded query={line} skeleton={<RowsSkeleton count={4} />}>
        {() => (
          <Loaded query={addons} skeleton={<RowsSkeleton count={4} />}>
            {() => null}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}

function Shown({ line, addons }: { line: Line; addons: Addons }) {
  const { t } = useWords()
  const format = useFormat()
  const [chosen, choose] = useState<string>()
  const [tried, setTried] = useState(false)
  const offer = addons.offers.find(({ addonId }) => addonId === chosen)
  const dock = offer ? (
    <Buy line={line} offer={offer} />
  ) : (
    <Button kind="primary" block onClick={() => setTried(true)}>
      {t('addons.buy')}
    </Button>
  )
  return (
    <Page
      head={t('addons.head')}
      title={t('addons.title')}
      sub={t('addons.sub', { name: line.nickname, credit: format.money(addons.credit) })}
      back={`/lines/${line.lineId}`}
      {...(addons.offers.length > 0 && { dock })}
    >
      {addons.offers.length === 0 ? (
        <Empty>{t(line.state === 'ordered' ? 'addons.not-yet' : 'addons.none')}</Empty>
      ) : (
        <div className="mt-5">
          <Choices
            legend={t('addons.choose')}
            choices={addons.offers.map((one) => ({
              key: one.addonId,
              label: format.words(one.name),
              detail: t('addons.until', { at: format.moment(one.until) }),
              end: <span className="num self-center ms-auto">{format.money(one.price)}</span>,
            }))}
            value={chosen}
            onChange={choose}
            error={tried && !offer ? t('addons.choose-one') : undefined}
          />
        </div>
      )}
      <Running addons={addons} />
      <p className="caption c3 mt-5">{t('addons.what')}</p>
    </Page>
  )
}

function Buy({ line: { lineId }, offer }: { line: Line; offer: Offer }) {
  const { t } = useWords()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const go = useGo()
  const { addonId, version, missing, price, name } = offer
  const buy = useMutation({
    mutationFn: () => send<Addons>('POST', `/v1/lines/${lineId}/addons`, { addonId, version }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['lines'] })
      await client.invalidateQueries({ queryKey: ['statement'] })
      toast(t('addons.done', { name: format.words(name) }))
      await go(`/lines/${lineId}`)
    },
  })
  return (
    <>
      <Refusal error={buy.error} />
      <div className="due">
        <span className="small c2">{t('addons.from-credit')}</span>
        <b className="num">{format.money(price)}</b>
      </div>
      {missing ? (
        <>
          <div className="mb-3">
            <Notice tone="warn">{t('addons.missing', { amount: format.money(missing) })}</Notice>
          </div>
          <ButtonLink to={`/lines/${lineId}/top-up`} kind="primary" block>
            {t('line.top-up')}
          </ButtonLink>
        </>
      ) : (
        <Button kind="primary" block busy={buy.isPending} onClick={() => buy.mutate()}>
          {t('addons.buy-for', { amount: format.money(price) })}
        </Button>
      )}
    </>
  )
}

function Running({ addons }: { addons: Addons }) {
  const { t } = useWords()
  const format = useFormat()
  if (addons.running.length === 0) return null
  return (
    <Section title={t('addons.running')}>
      <Ledger>
        {addons.running.map(({ bucketId, name, kind, remaining, until }) => (
          <Entry
            key={bucketId}
            label={format.words(name)}
            detail={t('addons.until', { at: format.moment(until) })}
          >
            <bdi>{t('addons.left', { quantity: quantityText(kind, remaining, t, format) })}</bdi>
          </Entry>
        ))}
      </Ledger>
    </Section>
  )
}
