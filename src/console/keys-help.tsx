/** All keys of the console in one dialog, and the switch that turns them off. */
import { Tick } from '../portal/components/choices.tsx'
import { Sheet } from '../portal/components/sheet.tsx'
import { switchKeys, useKeysOn } from './keys.ts'
import { useConsoleWords } from './words.tsx'
import type { ConsoleKey } from './words/keys.ts'

const keys: readonly (readonly [key: string, word: ConsoleKey])[] = [
  ['J', 'keys.next'],
  ['K', 'keys.previous'],
  ['A', 'keys.approve'],
  ['R', 'keys.reject'],
  ['S', 'keys.take'],
  ['N', 'keys.note'],
  ['Q', 'question.button'],
  ['F', 'keys.filter-risk'],
  ['/', 'keys.find'],
  ['?', 'keys.help'],
]

export function KeysHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useConsoleWords()
  const on = useKeysOn()
  return (
    <Sheet open={open} onClose={onClose} title={t('keys.title')}>
      <dl className="keylist">
        {keys.map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd className="kbd">{key}</kbd>
            </dt>
            <dd>{t(word)}</dd>
          </div>
        ))}
      </dl>
      <div className="mt-4">
        <Tick checked={on} onChange={switchKeys}>
          {t('keys.on')}
        </Tick>
      </div>
    </Sheet>
  )
}
