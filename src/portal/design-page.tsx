/** Every component once, in each of its states, in both themes: the house style to look at. */
import { Page } from './page.tsx'
export function DesignPage() {
  return <Page head="Design">x</Page>
}
