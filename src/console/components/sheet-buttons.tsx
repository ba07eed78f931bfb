/** The two buttons at the end of a sheet, of equal weight: back, and what it is there for, which sends its form where nothing else is named. */
import { Button, Pair } from '../../portal/components/button.tsx'
import { useConsoleWords } from '../words.tsx'

type Props = { busy: boolean; word: string; onClose: () => void; act?: () => void }

export function SheetButtons({ busy, word, onClose, act }: Props) {
  const { t } = useConsoleWords()
  return (
    <Pair>
      <Button kind="even" onClick={onClose}>
        {t('sheet.back')}
      </Button>
      <Button kind="even" busy={busy} {...(act ? { onClick: act } : { submit: true })}>
        {word}
      </Button>
    </Pair>
  )
}
