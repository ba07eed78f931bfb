/** The language: a button that says which, and a sheet with all of them, each by its own name. */
import { useState } from 'react'
import { directionOf, type Locale, localeNames } from '../values/locale.ts'
import { Icon } from './components/icon.tsx'
import { Sheet } from './components/sheet.tsx'
import { useWords } from './words.tsx'

type OnChange = (locale: Locale) => void

/** In the bar of pages before sign-in. */
export function LanguageSwitch() {
  return <Opener className="textbtn px-2 justify-center" onChange={() => {}} />
}

/** Among settings. */
export function LanguageChoice({ onChange }: { onChange: OnChange }) {
  return (
    <Opener isField className="input flex items-center gap-2.5 text-start" onChange={onChange} />
  )
}

type OpenerProps = { className: string; isField?: boolean; onChange: OnChange }

function Opener({ className, isField = false, onChange }: OpenerProps) {
  const { t, locale } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className={className}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <Icon name="globe" size="s" />
        <span className="sr-only">{t('page.language')}</span>{' '}
        <span className={isField ? 'flex-1' : undefined}>{localeNames[locale]}</span>
        {isField && <Icon name="down" size="s" className="c3" />}
      </button>
      <Languages open={open} onClose={() => setOpen(false)} onChange={onChange} />
    </>
  )
}

type LanguagesProps = { open: boolean; onClose: () => void; onChange: OnChange }

function Languages({ open, onClose, onChange }: LanguagesProps) {
  const { t, locale, offered, choose } = useWords()
  const [failed, setFailed] = useState(false)
  const take = async (next: Locale) => {
    try {
      await choose(next)
    } catch {
      setFailed(true)
      return
    }
    setFailed(false)
    onClose()
    if (next !== locale) onChange(next)
  }
  return (
    <Sheet open={open} onClose={onClose} title={t('page.language')}>
      <ul className="rows">
        {offered.map((one) => (
          <li key={one}>
            <button
              type="button"
              className="row"
              lang={one}
              dir={directionOf(one)}
              aria-current={one === locale ? 'true' : undefined}
              onClick={() => void take(one)}
            >
              <span className="grow mid">{localeNames[one]}</span>
              {one === locale && <Icon name="check" />}
            </button>
          </li>
        ))}
      </ul>
      {failed && (
        <p className="small warn mt-2" role="alert">
          {t('broken.offline')}
        </p>
      )}
    </Sheet>
  )
}
