/** How risky a case looks: bars of growing height, and always the word. */
import { useConsoleWords } from '../words.tsx'
import type { Risk } from '../wire.ts'

export function RiskMark({ level }: { level: Risk }) {
  const { code } = useConsoleWords()
  return (
    <span className={`risk ${level}`}>
      <span aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {code('risk', level)}
    </span>
  )
}
