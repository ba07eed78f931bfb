/** The page for an address that leads nowhere, and for a page that broke. */
import type { ErrorComponentProps } from '@tanstack/react-router'
import { Button, ButtonLink, Pair } from './components/button.tsx'
import { Page } from './page.tsx'
import { useWords } from './words.tsx'

export function NotFoundPage() {
  const { t } = useWords()
  return (
    <Page head={t('lost.head')} sub={t('lost.sub')} bare>
      <div className="mt-6">
        <ButtonLink to="/" kind="primary" block>
          {t('lost.home')}
        </ButtonLink>
      </div>
    </Page>
  )
}

/** After an upgrade an old page may ask for a part that is gone: loading anew is the way out. */
export function BrokenPage({ error }: ErrorComponentProps) {
  const { t } = useWords()
  console.error(error)
  return (
    <Page head={t('broken.head')} sub={t('broken.sub')} bare>
      <div className="mt-6">
        <Pair>
          <Button onClick={() => location.reload()}>{t('broken.reload')}</Button>
          <ButtonLink to="/help">{t('page.help')}</ButtonLink>
        </Pair>
      </div>
    </Page>
  )
}
