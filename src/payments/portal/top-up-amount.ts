/** An amount as people type it. */

/** "12,5" and "12.50" are the same amount; undefined when it is none, or outside 5 to 200. */
export function readAmount(text: string): string | undefined {
  const plain = text.trim().replace(',', '.')
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(plain)) return undefined
  const [whole = '0', fraction = ''] = plain.split('.')
  const amount = `${Number(whole)}.${fraction.padEnd(2, '0')}`
  return Number(amount) >= 5 && Number(amount) <= 200 ? amount : undefined
}
