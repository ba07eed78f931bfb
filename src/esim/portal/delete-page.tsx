/** Deleting the eSIM of a closed line from the phone, step by step, and how the operator comes to know of it. */
import { Page, Section } from '../../portal/page.tsx'
import { useWords } from '../../portal/words.tsx'
import { GuideSteps, type Paths, Screen, Step } from './guide-steps.tsx'

const paths: Paths = {
  iphone: ['guide.settings', 'guide.ios-mobile', 'guide.on', 'delete.ios'],
  samsung: [
    'guide.settings',
    'guide.samsung-connections',
    'guide.samsung-sims',
    'guide.on',
    'delete.samsung',
  ],
  pixel: ['guide.settings', 'guide.pixel-network', 'guide.pixel-sims', 'guide.on', 'delete.pixel'],
}

export function DeletePage() {
  const { t } = useWords()
  return (
    <Page head={t('delete.head')} sub={t('delete.sub')}>
      <GuideSteps paths={paths}>
        {(last, at) => (
          <Step at={at} picture={<Screen title={last} tap={last} mark="none" />}>
            {t('delete.ask')}
          </Step>
        )}
      </GuideSteps>
      <Section title={t('delete.after')}>
        <p className="small c2 mt-3">{t('delete.proof')}</p>
      </Section>
      <Section title={t('guide.trouble')}>
        <ul className="small c2 stack mt-3">
          <li>{t('guide.trouble-names')}</li>
          <li>{t('delete.several')}</li>
          <li>{t('delete.lost')}</li>
        </ul>
      </Section>
    </Page>
  )
}
