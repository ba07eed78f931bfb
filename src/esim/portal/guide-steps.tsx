/** Steps through a phone's own settings, one path per system, each with a picture of the screen to look for. */
import { type ReactNode, useState } from 'react'
import { Segmented } from '../../portal/components/choices.tsx'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { ownDevice } from './own-device.ts'

export type System = 'iphone' | 'samsung' | 'pixel'

/** Through which of the phone's own screens: each is opened by its row on the screen before. */
export type Paths = Record<System, readonly WordKey[]>

type Props = {
  paths: Paths
  /** What follows the last row; `at` counts on. */
  children(last: string, at: number): ReactNode
}

export function GuideSteps({ paths, children }: Props) {
  const { t } = useWords()
  const [system, setSystem] = useState<System>(ownDevice() === 'android' ? 'samsung' : 'iphone')
  const path = paths[system].map((key) => t(key))
  return (
    <>
      <div className="mt-6">
        <Segmented
          legend={t('guide.which')}
          value={system}
          onChange={setSystem}
          options={[
            ['iphone', 'iPhone'],
            ['samsung', 'Samsung'],
            ['pixel', t('guide.android')],
          ]}
        />
      </div>
      <ol className="guide" aria-live="polite">
        {path.slice(0, -1).map((screen, at) => (
          <Step key={screen} at={at + 1} picture={<Screen title={screen} tap={path[at + 1]!} />}>
            {t('guide.tap', { screen, row: path[at + 1]! })}
          </Step>
        ))}
        {children(path.at(-1)!, path.length)}
      </ol>
    </>
  )
}

type StepProps = { at: number; picture: ReactNode; children: ReactNode }

export function Step({ at, picture, children }: StepProps) {
  return (
    <li className="guide-step">
      {picture}
      <p>
        <span className="c3 num">{at}</span> <span>{children}</span>
      </p>
    </li>
  )
}

type ScreenProps = { title: string; tap: string; mark?: 'chevron' | 'switch' | 'none' }

/** A screen of the phone's settings, with the row to tap; the sentence beside it says the same. */
export function Screen({ title, tap, mark = 'chevron' }: ScreenProps) {
  return (
    <div className="phone-pic" aria-hidden="true">
      <b>{title}</b>
      <i />
      <i />
      <em>
        {tap}
        {mark !== 'none' && <span className={mark} />}
      </em>
      <i />
    </div>
  )
}
