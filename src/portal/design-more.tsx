/** The style page's rest: icons, links, fields with their states, the search, a sheet, and what a failure looks like. */
import { useState } from 'react'
import { Unanswered } from './api.ts'
import {
  Button,
  ButtonAnchor,
  ButtonLink,
  IconButton,
  Pair,
  TextButton,
  TextLink,
} from './components/button.tsx'
import { SelectField, TextField } from './components/field.tsx'
import { BrandMark, Icon, type IconName } from './components/icon.tsx'
import { Skeleton } from './components/notice.tsx'
import { SearchField } from './components/search-field.tsx'
import { Sheet } from './components/sheet.tsx'
import { Failure, Refusal } from './failure.tsx'
import { useWords } from './words.tsx'

/** All of them: a new one that is not shown here is a type error. */
const icons: Record<IconName, true> = {
  ...{ back: true, next: true, down: true, help: true, check: true, cross: true, warn: true },
  ...{ info: true, download: true, phone: true, card: true, copy: true, home: true, topUp: true },
  ...{ statement: true, chat: true, person: true, plus: true, minus: true, adjust: true },
  ...{ sim: true, more: true, search: true, globe: true, sun: true, moon: true },
  ...{ spinner: true, mail: true, laptop: true, key: true, file: true },
}

export function DesignIcons() {
  return (
    <div className="flex flex-wrap items-center gap-4">
      <BrandMark />
      {(Object.keys(icons) as IconName[]).map((name) => (
        <Icon key={name} name={name} />
      ))}
      <Icon name="info" size="s" />
      <Icon name="info" size="xs" />
    </div>
  )
}

export function DesignMore() {
  const { t } = useWords()
  const [found, setFound] = useState('')
  const [open, setOpen] = useState(false)
  const none = () => {}
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <IconButton icon="more" label={t('account.change')} onClick={none} />
        <TextLink to="/design" icon="chat">
          {t('failure.ask')}
        </TextLink>
        <TextButton danger onClick={none}>
          {t('button.remove')}
        </TextButton>
        <TextButton busy onClick={none}>
          {t('code.again')}
        </TextButton>
        <ButtonLink to="/design" kind="tonal" icon="plus">
          {t('line.top-up')}
        </ButtonLink>
        <ButtonAnchor href="/manifest.webmanifest" icon="download">
          {t('account.export')}
        </ButtonAnchor>
        <Button small icon="copy">
          {t('button.done')}
        </Button>
      </div>
      <TextField
        label={t('ticket.subject')}
        value=""
        onChange={none}
        error={t('ticket.subject-missing')}
      />
      <TextField label={t('ticket.body')} rows={2} value="" onChange={none} />
      <SelectField
        label={t('page.language')}
        value=""
        onChange={none}
        empty={t('quote.choose-one')}
        options={[['en', 'English']]}
      />
      <SearchField label={t('check.search')} value={found} onChange={setFound} />
      <Pair>
        <Button kind="even" onClick={() => setOpen(true)}>
          {t('account.change')}
        </Button>
        <Button kind="even" busy>
          {t('button.save')}
        </Button>
      </Pair>
      <Sheet open={open} onClose={() => setOpen(false)} title={t('account.change')}>
        <Button kind="primary" block onClick={() => setOpen(false)}>
          {t('button.done')}
        </Button>
      </Sheet>
      <Skeleton />
      <Refusal error={new Unanswered('')} />
      <Failure error={new Unanswered('')} retry={none} />
    </>
  )
}
