/** What a feature says of closing: what may block it, which steps it does, and what is left over, column by column. */

/** Kept for a reason that the policy names, for as long as it says (`retention` of a policy). */
export const categories = [
  'contacts',
  'usage',
  'invoices',
  'certificate',
  'contract',
  'identity',
  'complaints',
] as const
export type Category = (typeof categories)[number]

/** Categories that a policy need not name. */
export const optional = ['contract', 'identity', 'complaints'] as const satisfies Category[]

/** What goes on the day of a category: with the contacts goes what its policy does not keep for a reason of its own. */
export function goesWith(category: Category, named: readonly Category[]): Category[] {
  if (category !== 'contacts') return [category]
  return [category, ...optional.filter((one) => !named.includes(one))]
}

/** The whole row goes, or these columns are set to a SQL literal. */
export type Emptied = 'rows' | Readonly<Record<string, string>>

/**
 * What becomes of one table's rows when an account has ended. Every column is named once: erased with the account,
 * retained until the day of its category, anonymous, or plain. The erasure is performed from these words.
 */
export type TableClaim = {
  /** How a row leads to a subscriber, as SQL over `t` and `any($1)`; left out: by its own `subscriber_id`. */
  readonly through?: string
  /** Gone when the account ends. */
  readonly erase?: Emptied
  /** Gone on the day until which the policy keeps this category. */
  readonly retain?: Readonly<Partial<Record<Category, Emptied>>>
  /** Columns of rows that nobody may change: only the key goes on the category's day. */
  readonly keyed?: Readonly<Partial<Record<Category, string>>>
  /** Sealed with the subscriber's key of the category it is kept for (of `account`, where it is erased). */
  readonly sealed?: string
  /** Columns whose values the erasure report looks for afterwards, anywhere. */
  readonly traced?: string
  /** Traced columns that are a person's name: of them a single word is looked for as well. */
  readonly names?: string
  /** Usage is kept by line: the rows of the lines that a case closed. */
  readonly byLine?: boolean
  /** Stays, since it leads to nobody once what it was joined with is gone. */
  readonly anonymise?: string
  /** Says nothing about a person: keys, states, figures, moments. */
  readonly plain?: string
  /** Gone after this time whatever happens to the account (ISO 8601), by the feature's own sweep. */
  readonly lives?: string
}

/** About no subscriber: catalog, policy, staff, the operator's own sums. */
export type Leftover = TableClaim | 'nobody'

export type Closing = {
  /** Rows of the readiness checklist that this feature answers. */
  readonly blockers: readonly string[]
  /** Verbs of a closure's durable steps that end what this feature holds. */
  readonly steps: readonly string[]
  readonly leftovers: Readonly<Record<string, Leftover>>
}

const words = (text = '') => text.split(/\s+/).filter((word) => word !== '')
const emptied = (what: Emptied | undefined) => (typeof what === 'object' ? Object.keys(what) : [])

/** Every column that a claim names, as often as it names it. */
export function columnsOf(claim: TableClaim): string[] {
  return [
    ...emptied(claim.erase),
    ...Object.values(claim.retain ?? {}).flatMap(emptied),
    ...Object.values(claim.keyed ?? {}).flatMap(words),
    ...words(claim.anonymise),
    ...words(claim.plain),
  ]
}

/** The columns that name a record, other than its subscriber: what a legal hold may be placed on. */
export function recordIdsOf(claim: TableClaim): string[] {
  return columnsOf(claim).filter((name) => name.endsWith('_id') && name !== 'subscriber_id')
}

/** Records that a legal hold can keep: what has a day of its own. Ways to sign in, codes and look-ups go whatever is held. */
export const isHoldable = ({ retain, through }: TableClaim): boolean =>
  retain !== undefined && through === undefined

/** Whether a legal hold on a row keeps this column of it from being erased. */
export function isKeptByHold(claim: TableClaim, column: string): boolean {
  const going = [claim.erase, ...Object.values(claim.retain ?? {})].flatMap(emptied)
  return isHoldable(claim) && (takesRows(claim) || going.includes(column))
}

export type SealedColumn = { readonly column: string; readonly category: Category | 'account' }

/** The columns that are sealed, and whose key takes each with it. */
export function sealedColumns({
  sealed,
  erase,
  retain = {},
  keyed = {},
}: TableClaim): SealedColumn[] {
  const kept = Object.entries(retain) as [Category, Emptied][]
  const byKey = (Object.entries(keyed) as [Category, string][]).flatMap(([category, names]) =>
    words(names).map((column) => ({ column, category })),
  )
  const emptiedOnes = words(sealed).map((column): SealedColumn => {
    const own = kept.find(([, what]) => emptied(what).includes(column))
    const rows = kept.find(([, what]) => what === 'rows')
    if (emptied(erase).includes(column) || erase === 'rows') return { column, category: 'account' }
    return { column, category: (own ?? rows)?.[0] ?? 'account' }
  })
  return [...emptiedOnes, ...byKey]
}

export const tracedColumns = ({ traced }: TableClaim): string[] => words(traced)
export const isName = ({ names }: TableClaim, column: string) => words(names).includes(column)

/** Whether the claim takes whole rows away, so that a column it does not name goes with them. */
export function takesRows({ erase, retain = {}, lives }: TableClaim): boolean {
  return erase === 'rows' || lives !== undefined || Object.values(retain).includes('rows')
}
