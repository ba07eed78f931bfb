/** Which line credit goes to, and how much of it. */
import { Choices } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { type Money, readMoney } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export type Wished = { to: string; amount: string }

/** What was typed, read: undefined where it is no amount, or more than there is. */
export function amountIn({ amount }: Wished, most: Money): string | undefined {
  return readMoney(amount, 0.01, Number(most.amount))
}

type MoveFieldsProps = {
  lines: readonly Line[]
  most: Money
  wished: Wished
  tried: boolean
  onChange: (change: Partial<Wished>) => void
}

export function MoveFields({ lines, most, wished, tried, onChange }: MoveFieldsProps) {
  const { t } = useWords()
  const format = useFormat()
  const isChosen = lines.some(({ lineId }) => lineId === wished.to)
  const isAmount = amountIn(wished, most) !== undefined
  return (
    <>
      <Choices
        legend={t('move.to')}
        choices={lines.map(({ lineId, nickname, paidCredit }) => ({
          key: lineId,
          label: nickname,
          detail: t('move.has', { amount: format.money(paidCredit) }),
        }))}
        value={wished.to || undefined}
        onChange={(to) => onChange({ to })}
        error={tried && !isChosen ? t('move.choose') : undefined}
      />
      <TextField
        label={t('top-up.amount', { currency: most.currency })}
        inputMode="decimal"
        value={wished.amount}
        onChange={(amount) => onChange({ amount })}
        hint={t('move.most', { amount: format.money(most) })}
        error={tried && !isAmount ? t('refusal.amount-out-of-range') : undefined}
      />
    </>
  )
}
