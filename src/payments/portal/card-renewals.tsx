/** Which card pays what a line's credit lacks at renewal, line by line. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { cardsQuery } from '../../portal/account-queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Line, PaymentMethod } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { cardText } from './card-text.ts'

type Props = { cards: readonly PaymentMethod[]; lines: readonly Line[] }

export function Renewals({ cards, lines }: Props) {
  const { t } = useWords()
  return (
    <>
      <p className="small c2">{t('cards.renewals-what')}</p>
      <ul className="rows mt-2">
        {lines.map((line) => (
          <LineRow key={line.lineId} line={line} cards={cards} />
        ))}
      </ul>
    </>
  )
}

function LineRow({ line, cards }: { line: Line; cards: readonly PaymentMethod[] }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const card = cards.find(({ lines }) => lines.some(({ lineId }) => lineId === line.lineId))
  return (
    <li>
      <div className="row">
        <div className="grow">
          <div className="mid">
            <bdi>{line.nickname}</bdi>
          </div>
          <div className="small c2">
            {card
              ? t('cards.from-card', { card: cardText(card.instrument, t) })
              : t('cards.credit-alone')}
          </div>
          {!line.autoRenew && <div className="small c2">{t('cards.not-renewing')}</div>}
        </div>
        <TextButton onClick={() => setOpen(true)}>{t('account.change')}</TextButton>
      </div>
      <Sheet open={open} onClose={() => setOpen(false)} title={<bdi>{line.nickname}</bdi>}>
        <Choose
          line={line}
          cards={cards}
          now={card?.methodId ?? 'credit'}
          onDone={() => setOpen(false)}
        />
      </Sheet>
    </li>
  )
}

type ChooseProps = {
  line: Line
  cards: readonly PaymentMethod[]
  now: string
  onDone: () => void
}

function Choose({ line, cards, now, onDone }: ChooseProps) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const [pick, setPick] = useState(now)
  const save = useMutation({
    mutationFn: () =>
      send<{ items: PaymentMethod[] }>('PUT', `/v1/lines/${line.lineId}/mandate`, {
        methodId: pick === 'credit' ? null : pick,
      }),
    onSuccess: ({ items }) => {
      client.setQueryData(cardsQuery.queryKey, items)
      toast(t('account.saved'))
      onDone()
    },
  })
  const choices = [
    { key: 'credit', label: t('cards.credit-alone') },
    ...cards.map(({ methodId, instrument, expired }) => ({
      key: methodId,
      label: t('cards.from-card', { card: cardText(instrument, t) }),
      ...(expired && { notAllowed: t('cards.has-expired') }),
    })),
  ]
  return (
    <div className="grid gap-4">
      <Choices legend={t('cards.choose')} choices={choices} value={pick} onChange={setPick} />
      <Refusal error={save.error} />
      <Button kind="primary" block busy={save.isPending} onClick={() => save.mutate()}>
        {t('button.save')}
      </Button>
    </div>
  )
}
