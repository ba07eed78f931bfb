/** What happens when the period ends: it renews, it ends, or it waits for credit; changed with one tap. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { cardText } from '../../payments/portal/card-text.ts'
import { cardsQuery } from '../../portal/account-queries.ts'
import { send } from '../../portal/api.ts'
import { TextButton, TextLink } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { Section } from '../../portal/page.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Line, PaymentMethod, Renewal } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { allowanceText } from '../../plans/portal/plan-text.ts'

type Props = { line: Line; renewal: Renewal; isOver: boolean }

export function RenewalSection({ line, renewal, isOver }: Props) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const set = useMutation({
    mutationFn: (change: object) =>
      send<Renewal>('PATCH', `/v1/lines/${line.lineId}/renewal`, change),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['lines'] })
      toast(t('account.saved'))
    },
  })
  const patch = (change: object) => () => set.mutate(change)
  const cards = useQuery(cardsQuery)
  const card = cards.data?.find(({ lines }) => lines.some(({ lineId }) => lineId === line.lineId))
  return (
    <Section title={t('change.renewal')}>
      <div className="mt-2">
        <Says renewal={renewal} isOver={isOver} card={card} />
        <Refusal error={set.error} />
        {renewal.scheduled && (
          <TextButton busy={set.isPending} onClick={patch({ scheduled: null })}>
            {t('change.drop')}
          </TextButton>
        )}
        <div>
          <Switch renewal={renewal} isOver={isOver} busy={set.isPending} patch={patch} />
        </div>
        {renewal.missing && renewal.autoRenew && (
          <div className="flex flex-wrap gap-x-6">
            <TextLink to={`/lines/${line.lineId}/top-up`}>{t('line.top-up')}</TextLink>
            <TextLink to="/account/cards">{t('account.cards')}</TextLink>
          </div>
        )}
        <Newer line={line} renewal={renewal} />
        <div>
          <TextLink to={`/lines/${line.lineId}/plans`}>{t('change.other')}</TextLink>
        </div>
      </div>
    </Section>
  )
}

type SaysProps = { renewal: Renewal; isOver: boolean; card: PaymentMethod | undefined }

function Says({ renewal, isOver, card }: SaysProps) {
  const { t } = useWords()
  const format = useFormat()
  const { at, autoRenew, missing, price, scheduled, waitsUntil } = renewal
  if (!at) return null
  if (waitsUntil && missing) {
    return (
      <Notice tone="warn" live={false}>
        {t('change.waits', {
          at: format.moment(at),
          amount: format.money(missing),
          until: format.moment(waitsUntil),
        })}
      </Notice>
    )
  }
  if (isOver) return null
  return (
    <>
      <p>
        {autoRenew
          ? t('change.renews', { at: format.moment(at), amount: format.money(price) })
          : t('change.ends', { at: format.moment(at) })}
      </p>
      {autoRenew && renewal.percentOff > 0 && (
        <p className="small c2">{t('change.percent-off', { percent: renewal.percentOff })}</p>
      )}
      {autoRenew && missing && (
        <p className={card ? 'small c2' : 'small warn'}>
          {card
            ? t('cards.from-card', { card: cardText(card.instrument, t) })
            : t('change.renews-short', { amount: format.money(missing) })}
        </p>
      )}
      {scheduled && (
        <p className="small c2">
          {t('change.scheduled', {
            date: format.day(at),
            allowance:
              scheduled.planId === renewal.plan.planId
                ? allowanceText(scheduled.allowance, t, format)
                : format.words(scheduled.name),
          })}
        </p>
      )}
    </>
  )
}

type SwitchProps = {
  renewal: Renewal
  isOver: boolean
  busy: boolean
  patch: (change: object) => () => void
}

function Switch({ renewal, isOver, busy, patch }: SwitchProps) {
  const { t } = useWords()
  const format = useFormat()
  if (renewal.autoRenew) {
    return (
      <TextButton busy={busy} onClick={patch({ autoRenew: false })}>
        {t('change.turn-off')}
      </TextButton>
    )
  }
  if (isOver || !renewal.at) return null
  const facts = { amount: format.money(renewal.price), date: format.day(renewal.at) }
  return (
    <TextButton busy={busy} onClick={patch({ autoRenew: true })}>
      {t('change.turn-on', facts)}
    </TextButton>
  )
}

function Newer({ line, renewal }: { line: Line; renewal: Renewal }) {
  const { t } = useWords()
  const format = useFormat()
  const { newer } = renewal
  if (!newer) return null
  return (
    <div className="mt-4">
      <Notice live={false}>
        <p>
          {t('change.newer', {
            name: format.words(newer.name),
            price: format.money(newer.price),
            count: newer.periodDays,
          })}
        </p>
        <TextLink to={`/lines/${line.lineId}/plan`} search={{ version: String(newer.version) }}>
          {t('change.newer-look')}
        </TextLink>
      </Notice>
    </div>
  )
}
