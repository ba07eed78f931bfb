/** What a plan holds and costs, in words: shared by the shop, the plan's page, checkout and lines.
 * */
import { type Money, sum } from '../../portal/format.ts'
import type { useFormat } from '../../portal/use-format.ts'
import type { Adjustment, Allowance, Plan } from '../../portal/wire.ts'
import type { Translate } from '../../portal/words.tsx'

type Format = ReturnType<typeof useFormat>

/** "20 GB · 100 min · 50 texts". */
export function allowanceText(allowance: Allowance, t: Translate, format: Format): string {
  const parts: string[] = []
  if (Number(allowance.dataBytes) > 0) parts.push(format.data(allowance.dataBytes))
  if (allowance.voiceSeconds > 0) {
    parts.push(t('unit.minutes', { count: Math.floor(allowance.voiceSeconds / 60) }))
  }
  if (allowance.smsMessages > 0) parts.push(t('unit.texts', { count: allowance.smsMessages }))
  return parts.join(' · ')
}

export function quantityText(
  kind: 'data' | 'voice' | 'sms',
  quantity: string,
  t: Translate,
  format: Format,
) {
  if (kind === 'data') return format.data(quantity)
  if (kind === 'sms') return t('unit.texts', { count: Number(quantity) })
  return t('unit.minutes', { count: Math.floor(Number(quantity) / 60) })
}

export function includedSteps(plan: Plan): Adjustment {
  const included = (kind: 'data' | 'voice' | 'sms') =>
    plan.dials.find((dial) => dial.kind === kind)?.included ?? 0
  return { data: included('data'), voice: included('voice'), sms: included('sms') }
}

/** The plan's price for the chosen steps, exact. */
export function priceOf(plan: Plan, chosen: Adjustment): Money {
  const parts = plan.dials.flatMap((dial) => {
    const steps = chosen[dial.kind] - dial.included
    const price = steps < 0 ? negated(dial.pricePerStep) : dial.pricePerStep
    return Array.from({ length: Math.abs(steps) }, () => price)
  })
  return sum([plan.price, ...parts]) ?? plan.price
}

function negated(money: Money): Money {
  const { amount, currency } = money
  return { amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}`, currency }
}

/** What the chosen steps allow in one period. */
export function allowanceOf(plan: Plan, chosen: Adjustment): Allowance {
  const of = (kind: 'data' | 'voice' | 'sms') => {
    const dial = plan.dials.find((one) => one.kind === kind)
    return dial && BigInt(dial.step) * BigInt(chosen[kind])
  }
  return {
    dataBytes: String(of('data') ?? plan.allowance.dataBytes),
    voiceSeconds: Number(of('voice') ?? plan.allowance.voiceSeconds),
    smsMessages: Number(of('sms') ?? plan.allowance.smsMessages),
  }
}
