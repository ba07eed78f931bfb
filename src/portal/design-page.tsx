/** Every component in each of its states, in both themes: the house style to look at. */
import { Page } from './page.tsx'
import { useWords } from './words.tsx'
import { DesignColours, DesignControls } from './design-controls.tsx'
import { DesignIcons, DesignMore } from './design-more.tsx'
import { DesignContent } from './design-content.tsx'

export function DesignPage() {
  const { t } = useWords()
  return (
    <Page head={t('design.head')} sub={t('design.sub')} wide>
      <div className="grid gap-8 mt-6">
        {(['light', 'dark'] as const).map((theme) => (
          <div
            key={theme}
            data-theme={theme}
            className="bg-bg text-ink grid gap-7 p-5 rounded-[18px] border border-line"
          >
            <h2 className="title">{t(theme === 'light' ? 'settings.light' : 'settings.dark')}</h2>
            <DesignColours />
            <DesignIcons />
            <DesignControls />
            <DesignMore />
            <DesignContent />
          </div>
        ))}
      </div>
    </Page>
  )
}
