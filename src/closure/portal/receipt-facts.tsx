/** What a genuine retention receipt says: each kept field until which day and why, what is erased, what leads to nobody. */
import { Section } from '../../portal/page.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { FactRows } from './certificate-facts.tsx'
import { useKeptNames } from './kept-names.ts'

type Kept = { field: string; category: string; basis: string; until: string }

/** The members shown here; the signature covers all of them. */
type Claims = {
  issuer?: { name: string }
  reference?: string
  issuedAt?: string
  kept?: Kept[]
  erased?: { field: string; at: string }[]
  anonymous?: string[]
}

export function ReceiptFacts({
  claims,
  keyId,
}: {
  claims: Record<string, unknown>
  keyId: string
}) {
  const { t } = useWords()
  const format = useFormat()
  const named = useKeptNames()
  const nameOf = (field: string) => named('field', field)
  const { issuer, reference, issuedAt, kept = [], erased = [], anonymous = [] } = claims as Claims
  const soonest = kept.toSorted((a, b) => (a.until < b.until ? -1 : 1))
  const rows: [WordKey, string | undefined][] = [
    ['verify.issuer', issuer?.name],
    ['case.reference', reference],
    ['verify.issued', issuedAt && format.full(issuedAt)],
    ['verify.key', keyId],
  ]
  return (
    <Section title={t('verify.says')}>
      <FactRows rows={rows} />
      {[...Map.groupBy(soonest, ({ until, basis }) => `${until} ${basis}`).values()].map(
        (group) => {
          const [{ until, basis }] = group as [Kept, ...Kept[]]
          const head = t('verify.kept-until', { at: format.day(until, { year: true }) })
          return (
            <Fields
              key={`${until} ${basis}`}
              head={head}
              why={named('basis', basis)}
              names={group.map(({ field }) => nameOf(field))}
            />
          )
        },
      )}
      {erased.length > 0 && (
        <Fields head={t('verify.erased')} names={erased.map(({ field }) => nameOf(field))} />
      )}
      {anonymous.length > 0 && (
        <p className="small c2 mt-4 pt-4 border-t border-line">
          {t('verify.anonymous', { count: anonymous.length })}
        </p>
      )}
    </Section>
  )
}

type FieldsProps = { head: string; why?: string; names: readonly string[] }

function Fields({ head, why, names }: FieldsProps) {
  return (
    <div className="mt-4 pt-4 border-t border-line">
      <h3 className="strong">{head}</h3>
      {why && <p className="caption c2">{why}</p>}
      <p className="small mt-1.5 break-words">{[...new Set(names)].join(' · ')}</p>
    </div>
  )
}
