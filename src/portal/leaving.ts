/** What leaving is called where somebody lives: prescribed words win over ours; and how long a new contract can be withdrawn from. */
import { useQuery } from '@tanstack/react-query'
import { meQuery, operatorQuery } from './queries.ts'
import { useWords } from './words.tsx'

export function useLeaving() {
  const { locale } = useWords()
  const { data: operator } = useQuery(operatorQuery)
  const { data: me } = useQuery(meQuery)
  const place = [me?.country, me?.region].filter(Boolean).join('-')
  const rules = operator?.leaving[place]
  return {
    close: (ours: string) => rules?.open[locale] ?? ours,
    withdraw: (ours: string) => rules?.withdraw[locale] ?? ours,
    /** Null: it can't be, or not any more. */
    withdrawUntil(orderedAt: string): string | null {
      if (!rules?.withdrawDays) return null
      const until = Date.parse(orderedAt) + rules.withdrawDays * 86_400_000
      return until > Date.now() ? new Date(until).toISOString() : null
    },
  }
}
