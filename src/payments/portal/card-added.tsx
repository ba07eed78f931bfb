/** Back from the provider's page: saved, not saved, or still being asked about. */
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { read } from '../../portal/api.ts'
import { ButtonAnchor } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { cardsQuery } from '../../portal/account-queries.ts'
import { queryClient } from '../../portal/queries.ts'
import type { CardSetup } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

const words = {
  asked: 'cards.state-asked',
  saved: 'cards.state-saved',
  failed: 'cards.state-failed',
} as const

export function Added({ methodId }: { methodId: string }) {
  const { t } = useWords()
  const { data } = useQuery({
    queryKey: ['card-setup', methodId],
    queryFn: ({ signal }) => read<CardSetup>(`/v1/me/payment-methods/${methodId}`, signal),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data && state.data.state !== 'asked' ? false : 1_500),
  })
  const state = data?.state
  useEffect(() => {
    if (state === 'saved') void queryClient.invalidateQueries({ queryKey: cardsQuery.queryKey })
  }, [state])
  // One that was saved and then removed needs no word any more.
  if (!data || data.state === 'removed') return null
  return (
    <div className="mt-4 grid gap-3">
      <Notice tone={state === 'failed' ? 'warn' : 'info'}>
        <p>{t(words[data.state])}</p>
      </Notice>
      {state === 'asked' && data.setupUrl && (
        <ButtonAnchor href={data.setupUrl} kind="even" block>
          {t('cards.back-to-page')}
        </ButtonAnchor>
      )}
    </div>
  )
}
