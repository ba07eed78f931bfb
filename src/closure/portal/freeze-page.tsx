/** "This wasn't me": opened from a notice, by whoever was told of a closure; one tap stops it. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink } from '../../portal/components/button.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page } from '../../portal/page.tsx'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

type Frozen = { reference: string; state: Closure['state']; frozen: boolean; asked?: boolean }
const ended: readonly Closure['state'][] = ['frozen', 'withdrawn', 'rejected']

/** Looking changes nothing: mail programs open links before people do. */
export function FreezePage() {
  const { token } = useParams({ strict: false }) as { token: string }
  const { t } = useWords()
  const sentence = useSentence()
  const look = useQuery({
    queryKey: ['freeze', token],
    queryFn: () => send<Frozen>('POST', '/v1/closures/freeze/look', { token }),
    retry: false,
  })
  const stop = useMutation({
    mutationFn: () => send<Frozen>('POST', '/v1/closures/freeze', { token }),
  })
  const done = stop.data ?? (look.data && ended.includes(look.data.state) ? look.data : undefined)
  if (look.isPending) {
    return (
      <Page bare head={t('freeze.head')} end={<LanguageSwitch />}>
        <RowsSkeleton count={2} />
      </Page>
    )
  }
  if (look.error) {
    return (
      <Page bare head={t('freeze.head')} sub={sentence(look.error)} end={<LanguageSwitch />}>
        <ButtonLink kind="even" block to="/help">
          {t('freeze.ask')}
        </ButtonLink>
      </Page>
    )
  }
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
      sub={t(look.data.asked ? 'freeze.asked-sub' : 'freeze.sub', {
        reference: look.data.reference,
      })}
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
