/** The languages that subscribers are spoken to in, and which of them a tag or a header asks for. */

export const locales = ['en', 'zh-CN', 'zh-TW', 'ja', 'es', 'fr', 'de', 'ar'] as const
export type Locale = (typeof locales)[number]

/** Those of the console and of the demo's partners. */
export const staffLocales = ['en', 'zh-CN'] as const
export type StaffLocale = (typeof staffLocales)[number]

/** Each by its own name. */
export const localeNames: Readonly<Record<Locale, string>> = {
  en: 'English',
  'zh-CN': '简体中文',
  'zh-TW': '繁體中文',
  ja: '日本語',
  es: 'Español',
  fr: 'Français',
  de: 'Deutsch',
  ar: 'العربية',
}

export function directionOf(locale: Locale): 'ltr' | 'rtl' {
  return locale === 'ar' ? 'rtl' : 'ltr'
}

/** What a BCP 47 tag asks for: its language, in Chinese also the script, which a place can tell (RFC 5646 §4.1). */
export function localeFrom(tag: string): Locale | undefined {
  const [language, ...parts] = tag.toLowerCase().split('-')
  if (language !== 'zh') return locales.find((locale) => locale === language)
  const isTraditional = parts.some((part) => /^(hant|tw|hk|mo)$/.test(part))
  return isTraditional && !parts.includes('hans') ? 'zh-TW' : 'zh-CN'
}

/** A stored language, which may be from before or after this list. */
export function knownLocale(tag: string): Locale {
  return localeFrom(tag) ?? 'en'
}

export function staffLocale(tag: string): StaffLocale {
  return knownLocale(tag).startsWith('zh') ? 'zh-CN' : 'en'
}

/** The best supported language of an Accept-Language header (RFC 9110 §12.5.4); English when none fits. */
export function acceptedLocale(header: string | undefined): Locale {
  const wanted = (header ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', q] = part.trim().split(';q=')
      return { tag, weight: q === undefined ? 1 : Number(q) || 0 }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
  return firstKnown(wanted.map(({ tag }) => tag))
}

/** The first of these tags that is spoken here, else English. */
export function firstKnown(tags: readonly string[]): Locale {
  for (const tag of tags) {
    const locale = localeFrom(tag)
    if (locale) return locale
  }
  return 'en'
}

/** A text that the operator wrote in some languages; English is always among them. */
export function inLanguage(texts: Readonly<Record<string, string>>, locale: string): string {
  return texts[locale] ?? texts['en'] ?? ''
}
