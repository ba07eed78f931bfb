/** The language switch of pages before sign-in. */
import { localeNames, locales, useWords } from './words.tsx'

/** On pages before sign-in: the other language, named in itself. */
export function LanguageSwitch() {
  const { locale, choose } = useWords()
  const others = locales.filter((other) => other !== locale)
  return others.map((other) => (
    <button
      key={other}
      type="button"
      className="textbtn px-2 justify-center"
      lang={other}
      onClick={() => void choose(other)}
    >
      {other === 'zh-CN' ? '中文' : localeNames[other]}
    </button>
  ))
}
