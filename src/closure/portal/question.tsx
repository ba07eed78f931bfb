/** What a reviewer asks, to be answered in one's own words; and what was asked and answered before. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { Section } from '../../portal/page.tsx'
import { closureQuery, queryClient } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

type Question = Closure['questions'][number]
export type Answer = { text: string; questionId: string }

/** What is open, unless the closure is stopped meanwhile. */
export function openQuestion({ state, questions }: Closure): Question | undefined {
  return state === 'needs_customer' ? questions.find(({ endedAt }) => endedAt === null) : undefined
}

export function Questions({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const { queryKey } = closureQuery(closure.caseId)
  const open = openQuestion(closure)
  const answered = closure.questions.filter(({ answer }) => answer)
  return (
    <>
      {open && (
        <AnswerForm
          key={open.questionId}
          question={open}
          answer={async (given) => {
            const next = await send<Closure>('POST', `/v1/closures/${closure.caseId}/answer`, given)
            queryClient.setQueryData(queryKey, next)
          }}
          outrun={() => void queryClient.invalidateQueries({ queryKey })}
        />
      )}
      {answered.length > 0 && (
        <Section title={t('question.before')}>
          <dl className="grid gap-4">
            {answered.map(({ questionId, text, answer }) => (
              <div key={questionId}>
                <dt dir="auto" className="c2 small break-words whitespace-pre-wrap">
                  {text}
                </dt>
                <dd dir="auto" className="break-words whitespace-pre-wrap">
                  {answer}
                </dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
    </>
  )
}

type FormProps = {
  question: Question
  answer: (given: Answer) => Promise<void>
  /** It is not asked any more. */
  outrun?: () => void
}

export function AnswerForm({ question: { questionId, text: asked }, answer, outrun }: FormProps) {
  const { t } = useWords()
  const toast = useToast()
  const [text, setText, forget] = useDraft(`answer:${questionId}`, '')
  const [missing, setMissing] = useState(false)
  const sending = useMutation({
    mutationFn: () => answer({ text, questionId }),
    onSuccess: () => {
      forget()
      toast(t('question.sent'))
    },
    onError: (error) => {
      if (problemCode(error) === 'no-open-question') outrun?.()
    },
  })
  return (
    <Section title={t('question.title')}>
      <form
        className="grid gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setMissing(!text.trim())
          if (text.trim() && !sending.isPending) sending.mutate()
        }}
      >
        <p dir="auto" className="break-words whitespace-pre-wrap">
          {asked}
        </p>
        <TextField
          label={t('question.answer')}
          value={text}
          onChange={setText}
          rows={5}
          maxLength={2000}
          error={missing && !text.trim() ? t('question.missing') : undefined}
        />
        <Refusal error={sending.error} />
        <Button kind="primary" block submit busy={sending.isPending}>
          {t('question.send')}
        </Button>
      </form>
    </Section>
  )
}
