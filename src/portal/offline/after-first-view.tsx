/** What the first view can do without: keeping what home shows, and the word of a newer portal. */
import { useKeeping } from './keep.ts'
import { UpdatePrompt } from './update-prompt.tsx'

export function AfterFirstView() {
  useKeeping()
  return <UpdatePrompt />
}
