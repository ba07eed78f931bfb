/** Names of what a policy keeps for a while, and of the reasons it gives. */
import type { WordKey } from '../../portal/words/keys.ts'

const categories: Record<string, WordKey> = {
  invoices: 'kept.invoices',
  usage: 'kept.usage',
  certificate: 'kept.certificate',
  contacts: 'kept.contacts',
  codes: 'kept.codes',
  'sign-in': 'kept.sign-in',
  identity: 'kept.identity',
  consents: 'kept.consents',
  tickets: 'kept.tickets',
  settings: 'kept.settings',
  keys: 'kept.keys',
}

const bases: Record<string, WordKey> = {
  'no reason to keep': 'basis.none',
  'accounting archives, order 79': 'basis.cn-archives',
  'billing disputes': 'basis.disputes',
  'billing disputes; have this checked': 'basis.disputes',
  'proof of closing': 'basis.proof',
  'proof of closing, limitation': 'basis.proof-limitation',
  'questions after closing': 'basis.questions',
  'VAT Act 1994': 'basis.gb-vat',
  'AO s. 147': 'basis.de-ao',
  'AO s. 147, business letters': 'basis.de-letters',
  'TDDDG s. 10': 'basis.de-tdddg',
}

export function keptWords(category: string): WordKey | undefined {
  return Object.hasOwn(categories, category) ? categories[category] : undefined
}

/** Undefined for a reason an operator wrote in a policy of its own: it is shown as written. */
export function basisWords(basis: string): WordKey | undefined {
  return Object.hasOwn(bases, basis) ? bases[basis] : undefined
}
