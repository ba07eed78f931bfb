/** What the browser said no to, in our words; or the server, in its own. */
import { Notice } from '../../portal/components/notice.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { useWords } from '../../portal/words.tsx'
import { passkeyWord } from './passkey.ts'

export function PasskeyFailure({ error, cancelled }: { error: unknown; cancelled: string }) {
  const { t } = useWords()
  const word = passkeyWord(error)
  if (!word) return <Refusal error={error} />
  return (
    <div className="mb-3">
      <Notice tone="warn">{word === 'cancelled' ? cancelled : t(word)}</Notice>
    </div>
  )
}
