/** What a draft would change, rule by rule in words: how it is now, and how it would be. */
import type { PolicyDraft } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { type Rule, ValueText } from './policy-document.tsx'

type Document = Record<string, unknown>

export function DraftChanges({ draft }: { draft: PolicyDraft }) {
  const { t } = useConsoleWords()
  const { published, document, changes } = draft
  if (!document) return <p className="empty">{t('draft.changes-errors')}</p>
  if (!published) return <p className="empty">{t('draft.new-country')}</p>
  if (changes.length === 0)
    return <p className="empty">{t('draft.changes-none', { version: published.version })}</p>
  return (
    <table className="table rules">
      <caption className="sr-only">{t('draft.view-changes')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('policies.rule')}</th>
          <th scope="col">{t('draft.now')}</th>
          <th scope="col">{t('draft.then')}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((path) => (
          <Row key={path} path={path} before={published.document} after={document} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ path, before, after }: { path: string; before: Document; after: Document }) {
  const { t, code } = useConsoleWords()
  const name = path.replace('rules.', '')
  const isRule = path !== name
  return (
    <tr>
      <th scope="row">
        {code(isRule ? 'rule' : 'draft-field', name)}
        <span className="mono caption c3 block">{path}</span>
      </th>
      <td data-head={t('draft.now')}>
        <Side name={name} value={valueAt(before, name, isRule)} isRule={isRule} />
      </td>
      <td data-head={t('draft.then')}>
        <Side name={name} value={valueAt(after, name, isRule)} isRule={isRule} />
      </td>
    </tr>
  )
}

function valueAt(document: Document, name: string, isRule: boolean): unknown {
  return isRule ? (document['rules'] as Document)[name] : document[name]
}

/** A rule with its source, since that may be all that differs. */
function Side({ name, value, isRule }: { name: string; value: unknown; isRule: boolean }) {
  const { t, code } = useConsoleWords()
  if (value === undefined) return <span className="c3">{t('value.nothing')}</span>
  if (!isRule)
    return (
      <>
        {[value].flat().map((one, at) => (
          <span key={at} className="block">
            {String(one)}
          </span>
        ))}
      </>
    )
  const rule = value as Rule
  return (
    <>
      <ValueText name={name} rule={rule} />
      <span className="caption c2 block">
        {rule.source} · {code('confidence', rule.confidence)} ({rule.confidence})
      </span>
    </>
  )
}
