/** Progress by reference, for anybody who has it: no names, no numbers, no amounts. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { problemCode } from '../../portal/api.ts'
import { Button, ButtonLink, TextLink } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { publicClosureQuery } from '../../portal/queries.ts'
import { useGo } from '../../portal/go.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { PublicClosure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { headline } from './headline.ts'
import { Reference } from './reference.tsx'
import { CaseTimeline } from './timeline-rows.tsx'

const still: readonly PublicClosure['state'][] = ['closed', 'withdrawn', 'rejected']

/** Service has ended. */
const over: readonly PublicClosure['state'][] = ['settling', 'closed']

export function PublicPage() {
  const { reference } = useParams({ strict: false }) as { reference?: string }
  return reference ? <Progress reference={reference} /> : <AskReference wrong={undefined} />
}

function Progress({ reference }: { reference: string }) {
  const { t } = useWords()
  const closure = useQuery({
    ...publicClosureQuery(reference),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      !state.data || still.includes(state.data.state) ? false : 3_000,
  })
  if (problemCode(closure.error) === 'not-found') return <AskReference wrong={reference} />
  if (closure.data) return <Shown closure={closure.data} />
  return (
    <Page bare head={t('case.progress')} end={<LanguageSwitch />}>
      <Loaded query={closure} skeleton={<RowsSkeleton count={6} />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function Shown({ closure }: { closure: PublicClosure }) {
  const { t } = useWords()
  const format = useFormat()
  const text = headline(closure, t, format)
  return (
    <Page
      bare
      above={<Tag tone={text.tone}>{text.tag}</Tag>}
      head={text.head}
      sub={<span role="status">{text.sub}</span>}
      end={<LanguageSwitch />}
      dock={
        <ButtonLink to="/verify" kind="even" block>
          {t('shop.verify')}
        </ButtonLink>
      }
    >
      <Reference closure={closure} />
      <div className="mt-6">
        <CaseTimeline rows={closure.timeline} scope={closure.scope} />
      </div>
      <p className="caption c3 mt-2">
        {t('public.nothing-personal', { operator: closure.operator })}
      </p>
      <div className="flex flex-wrap gap-x-5">
        {over.includes(closure.state) && <TextLink to="/delete-guide">{t('delete.link')}</TextLink>}
        <TextLink to="/close">{t('shop.close')}</TextLink>
      </div>
    </Page>
  )
}

function AskReference({ wrong }: { wrong: string | undefined }) {
  const { t } = useWords()
  const go = useGo()
  const [value, setValue] = useDraft(`follow:${wrong ?? ''}`, wrong ?? '')
  const [tried, setTried] = useState(wrong !== undefined)
  const clean = value.trim().toUpperCase()
  return (
    <Page
      bare
      head={t('public.head')}
      sub={t('public.sub')}
      end={<LanguageSwitch />}
      dock={
        <Button kind="primary" block submit form="reference">
          {t('public.show')}
        </Button>
      }
    >
      <form
        id="reference"
        className="mt-6"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (clean && clean !== wrong) void go(`/c/${encodeURIComponent(clean)}`)
        }}
      >
        <TextField
          label={t('case.reference')}
          hint={t('public.hint')}
          value={value}
          maxLength={40}
          onChange={(next) => {
            setTried(false)
            setValue(next)
          }}
          error={tried ? (clean ? t('public.not-found') : t('public.missing')) : undefined}
        />
      </form>
      <TextLink to="/close">{t('shop.close')}</TextLink>
    </Page>
  )
}
