/** The text of a draft with the numbers of its lines, and what is wrong with it: each finding leads to its line. */
import { useId, useRef } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import type { PolicyDraft } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import type { Typed } from './typed.ts'

type Props = { draft: PolicyDraft; typed: Typed; mayWrite: boolean }

export function DraftText({ draft, typed, mayWrite }: Props) {
  const { t } = useConsoleWords()
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const gutter = useRef<HTMLPreElement>(null)
  const lines = typed.text.split('\n')
  const goTo = (line: number) => {
    const from = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
    const element = area.current
    if (!element) return
    element.focus()
    element.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0))
    // A few lines above it are seen, too.
    element.scrollTop = Math.max(0, line - 4) * (element.scrollHeight / lines.length)
  }
  return (
    <form
      className="drafttext"
      onSubmit={(event) => {
        event.preventDefault()
        if (!typed.save.isPending) typed.save.mutate()
      }}
    >
      <div className="fld">
        <label htmlFor={id}>{t('draft.label')}</label>
        <div className="editor">
          <pre ref={gutter} aria-hidden="true">
            {lines.map((_, at) => `${at + 1}\n`).join('')}
          </pre>
          <textarea
            ref={area}
            id={id}
            value={typed.text}
            readOnly={!mayWrite}
            wrap="off"
            spellCheck={false}
            autoCapitalize="off"
            dir="ltr"
            aria-describedby={`${id}h`}
            onChange={(event) => typed.type(event.target.value)}
            onScroll={({ currentTarget }) => {
              if (gutter.current) gutter.current.scrollTop = currentTarget.scrollTop
            }}
          />
        </div>
        <span className="hint" id={`${id}h`}>
          {t('draft.hint')}
        </span>
      </div>
      <div className="grid content-start gap-4">
        {mayWrite && <Save typed={typed} />}
        <Findings draft={draft} goTo={goTo} />
      </div>
    </form>
  )
}

function Save({ typed }: { typed: Typed }) {
  const { t } = useConsoleWords()
  return (
    <div className="grid justify-items-start gap-2">
      <Refused error={typed.save.error}>
        <TextButton onClick={() => void typed.readAgain()}>{t('draft.theirs')}</TextButton>
      </Refused>
      <Button kind="primary" submit busy={typed.save.isPending}>
        {t('draft.save')}
      </Button>
      {typed.isOpen && (
        <p className="caption c2" role="status">
          {t('draft.unsaved')}
        </p>
      )}
    </div>
  )
}

type FindingsProps = { draft: PolicyDraft; goTo: (line: number) => void }

function Findings({ draft: { errors, warnings }, goTo }: FindingsProps) {
  const { t } = useConsoleWords()
  return (
    <>
      <section className="casesect" role="status">
        <h2 className="strong">
          {errors.length === 0 ? t('draft.no-errors') : t('draft.errors', { count: errors.length })}
        </h2>
        <List findings={errors} tone="danger" goTo={goTo} />
      </section>
      {warnings.length > 0 && (
        <section className="casesect">
          <h2 className="strong">{t('draft.warnings')}</h2>
          <List findings={warnings} tone="warn" goTo={goTo} />
        </section>
      )}
    </>
  )
}

type ListProps = {
  findings: PolicyDraft['errors']
  tone: 'danger' | 'warn'
  goTo: FindingsProps['goTo']
}

/** Findings are the linter's own sentences, in English as on the command line. */
function List({ findings, tone, goTo }: ListProps) {
  const { t } = useConsoleWords()
  if (findings.length === 0) return null
  return (
    <ul className="findings">
      {findings.map(({ path, message, line }, at) => (
        <li key={at}>
          <Icon name="warn" size="s" className={tone} />
          <div className="min-w-0">
            <TextButton onClick={() => goTo(line)}>{t('draft.line', { line })}</TextButton>{' '}
            <code className="mono" lang="en">
              {path}
            </code>
            <p className="c2" lang="en">
              {message}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}
