/** The page for an address that leads nowhere, and for a page that broke. */
import { type ErrorComponentProps, useLocation } from '@tanstack/react-router'
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
  const { pathname } = useLocation()
  console.error(error)
  const sub = t(navigator.onLine ? 'broken.sub' : 'broken.offline')
  return (
    <Page head={t('broken.head')} sub={sub} bare>
      <div className="mt-6">
        <Pair>
          <Button onClick={() => location.reload()}>{t('broken.reload')}</Button>
          <ButtonLink to="/help/new" search={{ about: 'bug', page: pathname }}>
            {t('failure.ask')}
          </ButtonLink>
        </Pair>
      </div>
    </Page>
  )
}
