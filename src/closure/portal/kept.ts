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
  contract: 'kept.contract',
  complaints: 'kept.complaints',
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
  'tax law of the country': 'basis.tax',
  'C. com. L123-22': 'basis.fr-com',
  'CPCE L34-1': 'basis.fr-cpce',
  'C. civ. 2224': 'basis.fr-civ',
  'VAT Code art. 60': 'basis.be-vat',
  'law of 20 July 2022': 'basis.be-data',
  'limitation of ten years': 'basis.be-limitation',
  'C.c. 2220': 'basis.it-2220',
  'C.c. 2946': 'basis.it-2946',
  'law 167/2017 art. 24': 'basis.it-traffic',
  'industry practice': 'basis.practice',
  '47 CFR 42.6': 'basis.us-toll',
  'AB 2863, proof of consent': 'basis.us-ca-consent',
  'E-Commerce Law 31': 'basis.cn-commerce',
  'real-name rules, art. 11': 'basis.cn-real-name',
  'CTN 173-174': 'basis.br-ctn',
  'Marco Civil 13': 'basis.br-marco-civil',
  'CDC 27': 'basis.br-cdc',
  'Companies Act 2013 s. 128': 'basis.in-companies',
  'DoT licence amendment of 2021': 'basis.in-dot',
  'Corporation Tax rules': 'basis.jp-tax',
  'MIC privacy guideline 23': 'basis.jp-mic',
  'Mobile Misuse Prevention Act': 'basis.jp-mobile',
}

export function keptWords(category: string): WordKey | undefined {
  return Object.hasOwn(categories, category) ? categories[category] : undefined
}

/** Undefined for a reason an operator wrote in a policy of its own: it is shown as written. */
export function basisWords(basis: string): WordKey | undefined {
  return Object.hasOwn(bases, basis) ? bases[basis] : undefined
}
