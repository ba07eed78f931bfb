/** The frame of a page that a link in a message opens: what it stands for is asked first, which changes nothing. */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ButtonLink } from '../../portal/components/button.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { useSentence } from '../../portal/failure.tsx'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page } from '../../portal/page.tsx'

type Props<Answer> = {
  look: UseQueryResult<Answer>
  /** The headline meanwhile. */
  waiting: string
  /** The headline where the link stands for nothing any more. */
  over: string
  /** Where to instead, and the word for it. */
  instead: readonly [path: string, word: string]
  children: (answer: Answer) => ReactNode
}

/** Looking changes nothing: mail programs open links before people do. */
export function ByLink<Answer>({ look, waiting, over, instead, children }: Props<Answer>) {
  const sentence = useSentence()
  const [path, word] = instead
  if (look.data !== undefined) return children(look.data)
  if (look.isPending) {
    return (
      <Page bare head={waiting} end={<LanguageSwitch />}>
        <RowsSkeleton count={4} />
      </Page>
    )
  }
  return (
    <Page bare head={over} sub={sentence(look.error)} end={<LanguageSwitch />}>
      <div className="mt-6">
        <ButtonLink kind="even" block to={path}>
          {word}
        </ButtonLink>
      </div>
    </Page>
  )
}
