/** The one-time code before a number may leave or is unlocked: to a channel that is not the number. */
import { useMutation } from '@tanstack/react-query'
import { formatMasked } from '../../portal/format.ts'
import type { PortOut } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { CodePage, useCodeAsked } from '../../subscribers/portal/code-page.tsx'

type Props = {
  lineId: string
  purpose: 'code' | 'unlock'
  confirm: (code: string) => Promise<PortOut & { portCode?: string }>
  onDone: (next: PortOut & { portCode?: string }) => void
  onBack: () => void
}

export function StepUp({ lineId, purpose, confirm, onDone, onBack }: Props) {
  const { t } = useWords()
  const ask = useCodeAsked(`/v1/lines/${lineId}/port-out/confirmation`)
  const check = useMutation({ mutationFn: confirm, onSuccess: onDone })
  return (
    <CodePage
      head={t(purpose === 'code' ? 'number.confirm-code' : 'number.confirm-unlock')}
      to={ask.data && formatMasked(ask.data.maskedTo)}
      enter={t(purpose === 'code' ? 'number.get-code' : 'number.unlock')}
      check={check}
      again={ask}
      other={t('button.cancel')}
      onOther={onBack}
    />
  )
}
