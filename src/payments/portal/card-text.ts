/** A card as a person names it: brand and the last four digits. */
import type { Translate } from '../../portal/words.tsx'

type Card = { brand: string; last4: string }

/** Providers write brands in lower case. */
export function cardText({ brand, last4 }: Card, t: Translate): string {
  return t('money.card', { brand: brand.charAt(0).toUpperCase() + brand.slice(1), last4 })
}
