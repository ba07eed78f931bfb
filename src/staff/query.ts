/** What a member of staff is looking for, read from what they typed. */
export type Query =
  | { kind: 'newest' }
  | { kind: 'email'; prefix: string }
  | { kind: 'number'; prefix: string }
  | { kind: 'reference'; reference: string }
  | { kind: 'name'; text: string }

export function readQuery(typed: string): Query {
  const text = typed.trim()
  if (text === '') return { kind: 'newest' }
  if (text.includes('@')) return { kind: 'email', prefix: likePrefix(text.toLowerCase()) }
  if (/^VC-/i.test(text)) return { kind: 'reference', reference: text.toUpperCase() }
  const digits = text.replace(/[\s().-]/g, '')
  if (/^\+?\d{4,15}$/.test(digits))
    return { kind: 'number', prefix: `+${digits.replace('+', '')}%` }
  return { kind: 'name', text: likePrefix(text.toLowerCase()) }
}

/** A prefix for LIKE in which what was typed stands for itself. */
function likePrefix(text: string): string {
  return `${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`
}
