/** The theme: chosen once, remembered on the device. */
import { useState } from 'react'
import { Segmented } from './components/choices.tsx'
import { useWords } from './words.tsx'

export type Theme = 'light' | 'dark'

export function ThemeChoice() {
  const { t } = useWords()
  const root = document.documentElement
  const [theme, setTheme] = useState<Theme>(root.dataset['theme'] === 'dark' ? 'dark' : 'light')
  const choose = (next: Theme) => {
    root.dataset['theme'] = next
    localStorage.setItem('violet.theme', next)
    setTheme(next)
  }
  return (
    <Segmented
      legend={t('settings.theme')}
      options={[
        ['light', t('settings.light')],
        ['dark', t('settings.dark')],
      ]}
      value={theme}
      onChange={choose}
    />
  )
}
