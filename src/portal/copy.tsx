/** Copies a code or reference and says that it did. */
import { IconButton } from './components/button.tsx'
import { useToast } from './toast.tsx'
import { useWords } from './words.tsx'

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useWords()
  const toast = useToast()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
    } catch {
      selectAndCopy(text)
    }
    toast(t('copy.done'))
  }
  return <IconButton icon="copy" label={label} onClick={() => void copy()} />
}

/** Where the page is not on https, browsers keep the clipboard to themselves. */
function selectAndCopy(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
