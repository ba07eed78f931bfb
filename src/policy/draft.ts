/** The next version of a country's policy while it is written: what is wrong with it, on which line, and what would change. */
import type { StaffLocale } from '../values/locale.ts'
import type { Changes } from './changes.ts'
import { completeDocument, lint } from './lint.ts'
import { type Finding, lineOf, lineOfSyntaxError, placesIn } from './places.ts'
import type { Policy } from './schema.ts'
import { type Say, sayIn } from './words/catalogs.ts'

export type Placed = Finding & { line: number }
export type Checked = {
  errors: Placed[]
  warnings: Placed[]
  /** Null while there are errors. */
  policy: Policy | null
}

/** `today` tells what is not in force any more. */
export function checkDraft(
  text: string,
  country: string,
  { today, locale }: { today: Temporal.PlainDate; locale: StaffLocale },
): Checked {
  const say = sayIn(locale)
  const read = parsed(text, say)
  if ('error' in read) return { errors: [read.error], warnings: [], policy: null }
  const places = placesIn(text)
  const found = lint(read.document, today, locale)
  const placed = (finding: Finding) => ({ ...finding, line: lineOf(places, finding.path) })
  const errors: Placed[] = [
    ...places.twice.map(({ path, line }) => ({ path, line, message: say('twice') })),
    ...found.errors.map(placed),
  ]
  if (found.country !== null && found.country !== country)
    errors.push(placed({ path: 'country', message: say('other-country', { country }) }))
  return {
    errors,
    warnings: found.warnings.map(placed),
    policy: errors.length === 0 ? completeDocument(read.document) : null,
  }
}

function parsed(text: string, say: Say): { document: unknown } | { error: Placed } {
  try {
    return { document: JSON.parse(text) as unknown }
  } catch (thrown) {
    const { message } = thrown as Error
    const line = lineOfSyntaxError(text, message)
    return { error: { path: 'the document', message: say('no-json', { why: message }), line } }
  }
}

/** Who wrote a draft last leaves publishing to somebody else. */
export type Held = 'errors' | 'nothing-changed' | 'own-edit' | 'outdated'

export type Draft = { basedOn: number; editedBy: string }

/** Why a member of staff can't publish a draft; null: they can. */
export function whyHeld(
  { basedOn, editedBy }: Draft,
  {
    checked,
    changes,
    newest,
    staffId,
  }: { checked: Checked; changes: Changes; newest: number; staffId: string },
): Held | null {
  if (!checked.policy) return 'errors'
  if (basedOn !== newest) return 'outdated'
  if (changes.length === 0) return 'nothing-changed'
  return editedBy === staffId ? 'own-edit' : null
}

/** What a draft begins with: the version that stands, or for a country that has none, the given one as its own. */
export function startOf(newest: Policy | undefined, like: Policy, country: string): string {
  return JSON.stringify(newest ?? { ...like, country, version: 1, notes: [] }, null, 2)
}
