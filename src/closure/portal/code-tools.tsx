/** Where the confirmation code went, how long it lives, and other channels it may go to. */
import { useEffect, useState } from 'react'
import { TextButton } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { formatMasked, formatNumberE164 } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, CodeSent } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export function SentTo({ sent, closure }: { sent: CodeSent | null; closure: Closure }) {
  const { t, rich } = useWords()
  if (!sent) return t('confirm.sending')
  const to = <bdi className="strong">{formatMasked(sent.maskedTo)}</bdi>
  if (closure.scope === 'account' || !closure.msisdn) return rich('sign-in.code-sent', { to })
  return rich(sent.channel === 'email' ? 'confirm.sent-email' : 'confirm.sent-phone', { to })
}

type ToolsProps = {
  closure: Closure
  sent: CodeSent | null
  busy: boolean
  onAsk: (contactId: string | undefined) => void
}

export function CodeTools({ closure, sent, busy, onAsk }: ToolsProps) {
  const { t } = useWords()
  const [choosing, setChoosing] = useState(false)
  const several = closure.codeContacts.length > 1
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 mt-2">
      <span className="small c3 num">{sent && <Expiry until={sent.expiresAt} />}</span>
      <TextButton busy={busy} onClick={() => (several ? setChoosing(true) : onAsk(undefined))}>
        {several ? t('confirm.other-way') : t('code.again')}
      </TextButton>
      <Sheet open={choosing} onClose={() => setChoosing(false)} title={t('confirm.where')}>
        <p className="small c2 mb-2">{t('confirm.where-why')}</p>
        <ul className="rows">
          {closure.codeContacts.map((contact) => (
            <li key={contact.contactId}>
              <button
                type="button"
                className="row"
                onClick={() => {
                  setChoosing(false)
                  onAsk(contact.contactId)
                }}
              >
                <Icon name={contact.kind === 'email' ? 'mail' : 'phone'} />
                <span className="grow mid">
                  <bdi>
                    {contact.kind === 'phone' ? formatNumberE164(contact.value) : contact.value}
                  </bdi>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Sheet>
    </div>
  )
}

/** The moment and not the seconds: nothing on the way out ticks. */
function Expiry({ until }: { until: string }) {
  const { t } = useWords()
  const format = useFormat()
  const [over, setOver] = useState(() => Date.parse(until) <= Date.now())
  useEffect(() => {
    const left = Date.parse(until) - Date.now()
    setOver(left <= 0)
    const timer = setTimeout(() => setOver(true), Math.max(0, left))
    return () => clearTimeout(timer)
  }, [until])
  return over ? t('confirm.run-out') : t('code.until', { at: format.moment(until) })
}
