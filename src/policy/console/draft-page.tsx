/** The next version of a country's policy: its text with what is wrong with it, what it would change, and past closures under
 * it. */
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { Loaded } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { policyDraftQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { PolicyDraft, Role } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { TextLink } from '../../portal/components/button.tsx'
import { Segmented } from '../../portal/components/choices.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { DraftActions } from './draft-actions.tsx'
import { DraftChanges } from './draft-changes.tsx'
import { DraftReplay } from './draft-replay.tsx'
import { DraftText } from './draft-text.tsx'
import { useTyped } from './typed.ts'

const writers: readonly Role[] = ['reviewer', 'finance', 'admin']
const views = ['text', 'changes', 'replay'] as const
type View = (typeof views)[number]

export function DraftPage() {
  const { country = '' } = useParams({ strict: false }) as { country?: string }
  return <Country country={country} key={country} />
}

function Country({ country }: { country: string }) {
  const { t, locale } = useConsoleWords()
  const format = useFormat()
  const query = useQuery(policyDraftQuery(country, locale))
  return (
    <ConsolePage
      title={t('draft.title', { country: format.country(country) })}
      tools={
        <TextLink to={`/policies/${country}`} icon="back">
          {t('policies.title')}
        </TextLink>
      }
    >
      <Loaded query={query}>{(draft) => <Draft draft={draft} />}</Loaded>
    </ConsolePage>
  )
}

function Draft({ draft }: { draft: PolicyDraft }) {
  const { t, code } = useConsoleWords()
  const go = useGo()
  const { role } = useStaff()
  const search = useSearch({ strict: false }) as { view?: string }
  const view: View = views.find((one) => one === search.view) ?? 'text'
  const typed = useTyped(draft)
  const mayWrite = writers.includes(role)
  const choose = (next: View) =>
    void go(`/policies/${draft.country}/draft`, { search: { view: next }, replace: true })
  return (
    <div className="draft">
      <div className="draftbar">
        <Segmented
          legend={t('draft.views')}
          options={views.map((one) => [one, t(`draft.view-${one}`)] as const)}
          value={view}
          onChange={choose}
        />
        <Standing draft={draft} />
      </div>
      {!mayWrite && <p className="caption c3">{t('draft.role', { role: code('role', role) })}</p>}
      {view !== 'text' && typed.isOpen && <Notice live={false}>{t('draft.stale-text')}</Notice>}
      {view === 'text' && <DraftText draft={draft} typed={typed} mayWrite={mayWrite} />}
      {view === 'changes' && <DraftChanges draft={draft} />}
      {view === 'replay' && <DraftReplay draft={draft} />}
      {mayWrite && draft.version > 0 && <DraftActions draft={draft} isOpen={typed.isOpen} />}
    </div>
  )
}

function Standing({ draft: { published, editedBy, editedAt } }: { draft: PolicyDraft }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <p className="caption c3">
      {editedBy !== null && editedAt !== null
        ? t('draft.saved-by', { name: editedBy, at: format.moment(editedAt) })
        : t(published ? 'draft.none' : 'draft.none-new')}
    </p>
  )
}
