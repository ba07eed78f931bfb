/** A month of the statement to keep: choose it, take it as PDF or as a table. */
import { formatMonth } from '../../values/writing.ts'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ButtonAnchor } from '../../portal/components/button.tsx'
import { SelectField } from '../../portal/components/field.tsx'
import { Section } from '../../portal/page.tsx'
import { meQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import { useWords } from '../../portal/words.tsx'
import { daysOf, monthsSince } from './months.ts'

export function KeepStatement() {
  const { t, locale } = useWords()
  const { zone } = useFormat()
  const me = useQuery(meQuery)
  const [chosen, setChosen] = useState<string>()
  if (!me.data) return null
  const months = monthsSince(me.data.createdAt, new Date(), zone)
  const month = chosen ?? months[0] ?? ''
  const query = new URLSearchParams({ ...daysOf(month), locale })
  return (
    <Section title={t('statement.keep')}>
      <div className="mt-3">
        <SelectField
          label={t('statement.month')}
          value={month}
          onChange={setChosen}
          options={months.map((one) => [one, formatMonth(one, locale)] as const)}
        />
      </div>
      <div className="pair mt-3">
        <ButtonAnchor href={`/v1/statement.pdf?${query}`} icon="download" small download="">
          PDF
        </ButtonAnchor>
        <ButtonAnchor href={`/v1/statement.csv?${query}`} icon="download" small download="">
          CSV
        </ButtonAnchor>
      </div>
    </Section>
  )
}
