/** Says that a newer portal is ready; the person decides when the page is loaded anew. */
import { useEffect, useState } from 'react'
import { TextButton } from '../components/button.tsx'
import { useWords } from '../words.tsx'

export function UpdatePrompt() {
  const { t } = useWords()
  const [apply, setApply] = useState<() => void>()
  useEffect(() => {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
    const start = async () => {
      const { register } = await import('./register.ts')
      // A browser that refuses has a portal that needs a network, as before.
      await register((next) => setApply(() => next)).catch(() => undefined)
    }
    // The first view comes first.
    const timer = setTimeout(() => void start(), 1_500)
    return () => clearTimeout(timer)
  }, [])
  if (!apply) return null
  return (
    <div className="update" role="status">
      <span>{t('page.update')}</span>
      <TextButton onClick={apply}>{t('page.update-now')}</TextButton>
    </div>
  )
}
