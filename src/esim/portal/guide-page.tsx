/** Installing step by step, one guide per system, each step with a picture of the phone's own settings. */
import { useState } from 'react'
import { Segmented } from '../../portal/components/choices.tsx'
import { ButtonLink } from '../../portal/components/button.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { ownDevice } from './own-device.ts'

type Guide = 'iphone' | 'samsung' | 'pixel'

/** Through which of the phone's own screens: each is opened by its row on the screen before. */
const paths: Record<Guide, readonly WordKey[]> = {
  iphone: ['guide.settings', 'guide.ios-mobile', 'guide.add-esim', 'guide.ios-qr'],
  samsung: [
    'guide.settings',
    'guide.samsung-connections',
    'guide.samsung-sims',
    'guide.add-esim',
    'guide.samsung-qr',
  ],
  pixel: [
    'guide.settings',
    'guide.pixel-network',
    'guide.pixel-sims',
    'guide.pixel-add',
    'guide.pixel-esim',
  ],
}

export function GuidePage() {
  const { t } = useWords()
  const [guide, setGuide] = useState<Guide>(ownDevice() === 'android' ? 'samsung' : 'iphone')
  const path = paths[guide].map((key) => t(key))
  return (
    <Page
      head={t('guide.head')}
      sub={t('guide.sub')}
      dock={
        <ButtonLink to="/phone-check" kind="quiet" block>
          {t('check.head')}
        </ButtonLink>
      }
    >
      <div className="mt-6">
        <Segmented
          legend={t('guide.which')}
          value={guide}
          onChange={setGuide}
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
        <Step at={path.length} picture={<Viewfinder />}>
          {t('guide.scan')}
        </Step>
        <Step
          at={path.length + 1}
          picture={<Screen title={t('guide.sims')} tap={t('guide.on')} isSwitch />}
        >
          {t('guide.turn-on')}
        </Step>
      </ol>
      <Section title={t('guide.trouble')}>
        <ul className="small c2 stack mt-3">
          <li>{t('guide.trouble-names')}</li>
          <li>{t('guide.trouble-same-phone')}</li>
          <li>{t('guide.trouble-once')}</li>
        </ul>
      </Section>
    </Page>
  )
}

type StepProps = { at: number; picture: React.ReactNode; children: React.ReactNode }

function Step({ at, picture, children }: StepProps) {
  return (
    <li className="guide-step">
      {picture}
      <p>
        <span className="c3 num">{at}</span> <span>{children}</span>
      </p>
    </li>
  )
}

/** A screen of the phone's settings, with the row to tap; the sentence beside it says the same. */
function Screen({ title, tap, isSwitch }: { title: string; tap: string; isSwitch?: boolean }) {
  return (
    <div className="phone-pic" aria-hidden="true">
      <b>{title}</b>
      <i />
      <i />
      <em>
        {tap}
        <span className={isSwitch ? 'switch' : 'chevron'} />
      </em>
      <i />
    </div>
  )
}

function Viewfinder() {
  return (
    <div className="phone-pic" aria-hidden="true">
      <svg viewBox="0 0 64 64" className="viewfinder">
        <path d="M6 18V6h12M46 6h12v12M58 46v12H46M18 58H6V46" />
        <path d="M20 20h9v9h-9zM35 20h9v9h-9zM20 35h9v9h-9zM36 36h3M42 36h2M36 42h3M42 42h2" />
      </svg>
    </div>
  )
}
