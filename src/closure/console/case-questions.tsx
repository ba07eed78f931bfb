/** Asking the subscriber: the question, what came back, and taking it back while the clock of the review stands. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Kbd } from '../../console/components/kbd.tsx'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { useKeys } from '../../console/keys.ts'
import { caseQuery } from '../../console/queries.ts'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useDraft } from '../../portal/draft.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { knownLocale, localeNames } from '../../values/locale.ts'

type Word = 'question.sent' | 'question.taken-back'

function useAct({ closure: { caseId, reference } }: StaffCase, done: Word) {
  const client = useQueryClient()
  const toast = useToast()
  const { t } = useConsoleWords()
  return {
    at: `/v1/staff/closures/${caseId}/question`,
    onSuccess: (next: StaffCase) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
      toast(t(done, { reference }))
    },
  }
}

/** `held` names what says why not. */
export function AskButton({ seen, held }: { seen: StaffCase; held: string | undefined }) {
  const { t } = useConsoleWords()
  const [open, setOpen] = useState(false)
  useKeys({ q: held ? undefined : () => setOpen(true) })
  return (
    <>
      <Button disabledBy={held} onClick={() => setOpen(true)}>
        {t('question.short')} <Kbd>Q</Kbd>
      </Button>
      {open && <AskSheet seen={seen} onClose={() => setOpen(false)} />}
    </>
  )
}

function AskSheet({ seen, onClose }: { seen: StaffCase; onClose: () => void }) {
  const { t } = useConsoleWords()
  const { closure, subscriber } = seen
  const [text, setText, forget] = useDraft(`question.${closure.caseId}`, '')
  const [missing, setMissing] = useState(false)
  const { at, onSuccess } = useAct(seen, 'question.sent')
  const ask = useMutation({
    mutationFn: () => send<StaffCase>('POST', at, { text }),
    onSuccess: (next) => {
      forget()
      onSuccess(next)
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(!text.trim())
    if (text.trim() && !ask.isPending) ask.mutate()
  }
  return (
    <Sheet open onClose={onClose} title={t('question.button')}>
      <form className="grid gap-5" onSubmit={submit}>
        <p className="c2">{t('question.what', { name: subscriber.name || t('case.nameless') })}</p>
        <TextField
          label={t('question.text')}
          hint={t('question.hint', { language: localeNames[knownLocale(subscriber.locale)] })}
          value={text}
          onChange={setText}
          rows={6}
          maxLength={2000}
          error={missing && !text.trim() ? t('question.missing') : undefined}
        />
        <Refused error={ask.error} />
        <SheetButtons busy={ask.isPending} word={t('question.button')} onClose={onClose} />
      </form>
    </Sheet>
  )
}

export function CaseQuestions({ seen }: { seen: StaffCase }) {
  const { t } = useConsoleWords()
  const { questions } = seen.closure
  if (questions.length === 0) return null
  return (
    <section className="casesect">
      <h2 className="strong">{t('question.title')}</h2>
      <dl className="mt-2 grid gap-4">
        {questions.map((question) => (
          <div key={question.questionId}>
            <dt dir="auto" className="break-words whitespace-pre-wrap">
              {question.text}
            </dt>
            <dd dir="auto" className="c2 break-words whitespace-pre-wrap">
              {question.answer}
            </dd>
            <dd className="caption c3">
              <Where question={question} />
            </dd>
          </div>
        ))}
      </dl>
      {seen.mayWithdrawQuestion && <TakeBack seen={seen} />}
    </section>
  )
}

function Where({ question }: { question: StaffCase['closure']['questions'][number] }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const { askedAt, endedAt, answer } = question
  if (endedAt === null) return t('question.open', { when: format.moment(askedAt) })
  return answer
    ? t('question.answered', { when: format.moment(endedAt) })
    : t('question.over', { when: format.moment(askedAt) })
}

function TakeBack({ seen }: { seen: StaffCase }) {
  const { t } = useConsoleWords()
  const { at, onSuccess } = useAct(seen, 'question.taken-back')
  const takeBack = useMutation({
    mutationFn: () => send<StaffCase>('POST', `${at}/withdraw`),
    onSuccess,
  })
  return (
    <div className="mt-3 grid justify-items-start gap-2">
      <Refused error={takeBack.error} />
      <Button kind="even" busy={takeBack.isPending} onClick={() => takeBack.mutate()}>
        {t('question.take-back')}
      </Button>
    </div>
  )
}
