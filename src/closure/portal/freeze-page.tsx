/** "This wasn't me": opened from a notice, by whoever was told of a closure; one tap stops it. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink } from '../../portal/components/button.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page } from '../../portal/page.tsx'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { ByLink } from './by-link.tsx'

type Frozen = { reference: string; state: Closure['state']; frozen: boolean; asked?: boolean }
const ended: readonly Closure['state'][] = ['frozen', 'withdrawn', 'rejected']

export function FreezePage() {
  const { token } = useParams({ strict: false }) as { token: string }
  const { t } = useWords()
  const look = useQuery({
    queryKey: ['freeze', token],
    queryFn: () => send<Frozen>('POST', '/v1/closures/freeze/look', { token }),
    retry: false,
  })
  const instead = ['/help', t('freeze.ask')] as const
  return (
    <ByLink look={look} waiting={t('freeze.head')} over={t('freeze.head')} instead={instead}>
      {(seen) => <Stop token={token} seen={seen} />}
    </ByLink>
  )
}

function Stop({ token, seen }: { token: string; seen: Frozen }) {
  const { t } = useWords()
  const stop = useMutation({
    mutationFn: () => send<Frozen>('POST', '/v1/closures/freeze', { token }),
  })
  const done = stop.data ?? (ended.includes(seen.state) ? seen : undefined)
  if (done) {
    return (
      <Page
        bare
        head={t(stop.data ? 'freeze.is-done' : 'freeze.is-over')}
        sub={<span role="status">{t(done.asked ? 'freeze.asked-next' : 'freeze.next')}</span>}
        end={<LanguageSwitch />}
        dock={
          <ButtonLink kind="primary" block to="/sign-in">
            {t('freeze.sign-in')}
          </ButtonLink>
        }
      >
        {null}
      </Page>
    )
  }
  return (
    <Page
      bare
      head={t('freeze.head')}
      sub={t(seen.asked ? 'freeze.asked-sub' : 'freeze.sub', { reference: seen.reference })}
      end={<LanguageSwitch />}
      dock={
        <>
          <Refusal error={stop.error} />
          <Button kind="primary" block busy={stop.isPending} onClick={() => stop.mutate()}>
            {t('freeze.button')}
          </Button>
        </>
      }
    >
      {null}
    </Page>
  )
}
