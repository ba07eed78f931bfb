/** The page for an address that leads nowhere, and for a page that broke. */
import type { ErrorComponentProps } from '@tanstack/react-router'
import { Button, ButtonLink, Pair } from '../portal/components/button.tsx'
import { useConsoleWords } from './words.tsx'

export function NotFoundPage() {
  const { t } = useConsoleWords()
  return (
    <main className="page narrow">
      <h1 className="head">{t('nowhere.head')}</h1>
      <p className="sub">{t('nowhere.sub')}</p>
      <div className="mt-6">
        <ButtonLink to="/review" kind="primary">
          {t('nowhere.review')}
        </ButtonLink>
      </div>
    </main>
  )
}

/** After an upgrade an old page may ask for a part that is gone: loading anew is the way out. */
export function BrokenPage({ error }: ErrorComponentProps) {
  const { t } = useConsoleWords()
  console.error(error)
  return (
    <main className="page narrow">
      <h1 className="head">{t('crashed.head')}</h1>
      <p className="sub">{t('crashed.sub')}</p>
      <div className="mt-6">
        <Pair>
          <Button onClick={() => location.reload()}>{t('crashed.reload')}</Button>
          <ButtonLink to="/review">{t('nowhere.review')}</ButtonLink>
        </Pair>
      </div>
    </main>
  )
}
