/** How charges become transfers: what one batch takes of a line's credit in one country is one entry of its statement. */
import { percentOf, type TaxRate, taxShare } from '../values/tax.ts'
import type { Charge, LineChange } from './intake.ts'

type Tax = { readonly country: string | null; readonly rate: TaxRate }

export type UsageTransfer = {
  readonly subscriberId: string
  readonly lineId: string
  readonly currency: string
  /** Named after its first record, which is charged once. */
  readonly key: string
  readonly detail: Readonly<Record<string, string>>
  readonly promotional: bigint
  readonly paid: bigint
  /** The part of `paid` that is tax; what promotional credit pays carries none. */
  readonly tax: bigint
  readonly charges: readonly Charge[]
}

export type UsagePosting = {
  readonly account: string
  readonly lineId: string
  readonly minor: bigint
}

/** Credit goes, revenue and the tax in it come. */
export function postingsOf(transfer: UsageTransfer): UsagePosting[] {
  const { lineId, promotional, paid, tax } = transfer
  return [
    { account: 'promotional-credit', lineId, minor: -promotional },
    { account: 'paid-credit', lineId, minor: -paid },
    { account: 'usage-revenue', lineId: '', minor: promotional + paid - tax },
    { account: 'tax-payable', lineId: '', minor: tax },
  ].filter(({ minor }) => minor !== 0n)
}

export function transfersOf({ line, charges }: LineChange, taxed: Tax): UsageTransfer[] {
  const costly = charges.filter(({ rated }) => rated.promotional + rated.paid > 0n)
  if (costly.length === 0) return []
  const groups =
    costly.length === 1
      ? [costly]
      : Map.groupBy(costly, ({ record }) => `${record.kind}:${record.country}`).values()
  return [...groups].map((group) => {
    const { kind, country, usageId } = group[0]!.record
    const total = (of: (charge: Charge) => bigint) => group.reduce((sum, one) => sum + of(one), 0n)
    const paid = total(({ rated }) => rated.paid)
    const tax = taxShare(paid, taxed.rate)
    return {
      subscriberId: line.subscriberId,
      lineId: line.lineId,
      currency: line.currency,
      key: `usage:${usageId}`,
      detail: {
        usageId,
        kind,
        country,
        quantity: total(({ record }) => record.quantity).toString(),
        ...(group.length > 1 ? { records: String(group.length) } : {}),
        ...(tax > 0n ? { taxCountry: taxed.country ?? '', taxRate: percentOf(taxed.rate) } : {}),
      },
      promotional: total(({ rated }) => rated.promotional),
      paid,
      tax,
      charges: group,
    }
  })
}
