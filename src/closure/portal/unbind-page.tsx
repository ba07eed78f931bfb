/** Before the number goes: the services that usually hold it, to tick off on this device. */
import { useParams } from '@tanstack/react-router'
import { ButtonLink } from '../../portal/components/button.tsx'
import { Tick } from '../../portal/components/choices.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Page } from '../../portal/page.tsx'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'

export const services: readonly WordKey[] = [
  'unbind.bank',
  'unbind.payment',
  'unbind.mail',
  'unbind.cloud',
  'unbind.chat',
  'unbind.social',
  'unbind.shopping',
  'unbind.government',
  'unbind.health',
  'unbind.work',
  'unbind.travel',
  'unbind.delivery',
  'unbind.games',
  'unbind.passwords',
]

export function UnbindPage() {
  const { caseId } = useParams({ strict: false }) as { caseId: string }
  const { t } = useWords()
  const [ticked, setTicked] = useDraft<string[]>(`unbind:${caseId}`, [])
  const toggle = (key: string, on: boolean) =>
    setTicked(on ? [...ticked, key] : ticked.filter((one) => one !== key))
  const back = `/closures/${caseId}/ready`
  return (
    <Page
      head={t('unbind.head', { left: services.length - ticked.length })}
      sub={t('unbind.sub')}
      back={back}
      dock={
        <ButtonLink to={back} kind="primary" block>
          {t('unbind.back')}
        </ButtonLink>
      }
    >
      <div className="grid gap-1 mt-5">
        {services.map((key) => (
          <Tick key={key} checked={ticked.includes(key)} onChange={(on) => toggle(key, on)}>
            {t(key)}
          </Tick>
        ))}
      </div>
    </Page>
  )
}
