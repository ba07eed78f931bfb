/** What fields that are kept, and the reasons to keep them, are called on paper, for pages that show them. */
import { useQuery } from '@tanstack/react-query'
import { useWords } from '../../portal/words.tsx'

// The names of fields are those of the receipt on paper, and many: they come when somebody looks.
const catalogs = import.meta.glob<{ default: Record<string, string | string[]> }>('../words/*.json')

export function useKeptNames(): (group: 'field' | 'basis', name: string) => string {
  const { locale } = useWords()
  const words = useQuery({
    queryKey: ['receipt-words', locale],
    queryFn: async () => (await catalogs[`../words/${locale}.json`]!()).default,
    staleTime: Infinity,
  })
  return (group, name) => [words.data?.[`${group}.${name}`] ?? name].flat().join('')
}
