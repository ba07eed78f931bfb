/** Installing step by step, one guide per system, each step with a picture of the phone's own settings. */
import { ButtonLink } from '../../portal/components/button.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { useWords } from '../../portal/words.tsx'
import { GuideSteps, type Paths, Screen, Step } from './guide-steps.tsx'

const paths: Paths = {
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
      <GuideSteps paths={paths}>
        {(_last, at) => (
          <>
            <Step at={at} picture={<Viewfinder />}>
              {t('guide.scan')}
            </Step>
            <Step
              at={at + 1}
              picture={<Screen title={t('guide.sims')} tap={t('guide.on')} mark="switch" />}
            >
              {t('guide.turn-on')}
            </Step>
          </>
        )}
      </GuideSteps>
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
