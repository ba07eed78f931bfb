/** Names of the categories of data a policy may keep for a while. */
import type { WordKey } from '../../portal/words/keys.ts'

const categories: Record<string, WordKey> = {
  invoices: 'kept.invoices',
  usage: 'kept.usage',
  identity: 'kept.identity',
  consents: 'kept.consents',
  tickets: 'kept.tickets',
}

export function keptWords(category: string): WordKey | undefined {
  return categories[category]
}
