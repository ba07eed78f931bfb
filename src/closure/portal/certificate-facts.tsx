/** What a genuine certificate says: what ended and when, and where the money went. */
import { Section } from '../../portal/page.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { QuoteCurrency, QuoteEntry } from '../../portal/wire.ts'
import { type Translate, useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import type { Added } from './certificate.ts'
import { FinalStatement } from './quote-tables.tsx'

type Entry = { kind: QuoteEntry['kind']; detail?: Record<string, string>; amount: string }

export type Line = {
  name: string
  numberMasked: string | null
  iccidMasked: string
  profileRemoval: string
  numberPortedAt?: string
}

/** The members shown here; the signature covers all of them. */
export type Claims = {
  issuer?: { name: string }
  reference?: string
  subscriberName?: string
  serviceEndedAt?: string
  settledAt?: string
  lines?: Line[]
  owed?: { currency: string; amount: string }[]
  money?: { currency: string; sources: Entry[]; destinations: Entry[]; total: string }[]
}

type Props = { claims: Record<string, unknown>; keyId: string; added: readonly Added[] }

export function CertificateFacts({ claims, keyId, added }: Props) {
  const { t } = useWords()
  const format = useFormat()
  const facts = claims as Claims
  const rows: [WordKey, string | undefined][] = [
    ['verify.issuer', facts.issuer?.name],
    ['case.reference', facts.reference],
    ['verify.subscriber', facts.subscriberName],
    ['answers.ends', facts.serviceEndedAt && format.full(facts.serviceEndedAt)],
    ['verify.settled', facts.settledAt && format.full(facts.settledAt)],
    ['verify.owed', owedText(facts.owed)],
    ['verify.key', keyId],
  ]
  function owedText(owed: Claims['owed']) {
    if (!owed) return undefined
    return owed.length === 0 ? t('verify.no-debt') : format.list(owed.map(format.money))
  }
  return (
    <Section title={t('verify.says')}>
      <FactRows rows={rows} />
      {facts.lines?.map((line) => (
        <dl className="kv mt-4 pt-4 border-t border-line" key={line.iccidMasked}>
          <dt className="strong">{line.name}</dt>
          <dd>{line.numberMasked}</dd>
          <dt>{t('line.profile')}</dt>
          <dd>{removalText(line, added, t, format.full)}</dd>
          {line.numberPortedAt && (
            <>
              <dt>{t('number.title')}</dt>
              <dd>{t('verify.ported', { at: format.full(line.numberPortedAt) })}</dd>
            </>
          )}
        </dl>
      ))}
      {facts.money?.map((table) => (
        <div className="mt-6" key={table.currency}>
          <FinalStatement table={tableOf(table)} several={false} lineName={() => undefined} />
        </div>
      ))}
    </Section>
  )
}

/** What has no value has no row. */
export function FactRows({ rows }: { rows: readonly (readonly [WordKey, string | undefined])[] }) {
  const { t } = useWords()
  return (
    <dl className="kv mt-2.5">
      {rows.map(([word, value]) =>
        value ? (
          <div key={word} className="contents">
            <dt className="whitespace-nowrap">{t(word)}</dt>
            <dd className="break-all">{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}

/** Downloaded once, and no phone has said that it is gone. */
export function isOnPhone(
  { profileRemoval, iccidMasked }: Pick<Line, 'profileRemoval' | 'iccidMasked'>,
  added: readonly Added[],
): boolean {
  const isProven = added.some((one) => one.iccidMasked === iccidMasked)
  return profileRemoval === 'unconfirmed' && !isProven
}

/** Whether the profile is off the phone, as signed, or as its phone has proven since. */
export function removalText(
  { profileRemoval, iccidMasked }: Pick<Line, 'profileRemoval' | 'iccidMasked'>,
  added: readonly Added[],
  t: Translate,
  full: (instant: string) => string,
): string {
  const proven = added.find((one) => one.iccidMasked === iccidMasked)
  if (proven) return t('verify.removal-later', { at: full(proven.confirmedAt) })
  return t(removals[profileRemoval] ?? 'verify.removal-unconfirmed')
}

const removals: Record<string, WordKey> = {
  confirmed: 'verify.removal-confirmed',
  unconfirmed: 'verify.removal-unconfirmed',
  'never-downloaded': 'verify.removal-never',
}

function tableOf({
  currency,
  sources,
  destinations,
  total,
}: NonNullable<Claims['money']>[number]): QuoteCurrency {
  const entry = ({ kind, detail = {}, amount }: Entry): QuoteEntry => ({
    kind,
    detail,
    lineId: null,
    amount: { amount, currency },
  })
  return {
    currency,
    sources: sources.map(entry),
    destinations: destinations.map(entry),
    sourcesTotal: { amount: total, currency },
    destinationsTotal: { amount: total, currency },
    refund: { amount: total, currency },
  }
}
