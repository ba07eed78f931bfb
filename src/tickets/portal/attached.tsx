/** What came with a message: each opens as a download. */
import { Icon } from '../../portal/components/icon.tsx'
import type { TicketMessage } from '../../portal/wire.ts'

type Props = { at: string; message: Pick<TicketMessage, 'attachments'> }

export function Attached({ at, message: { attachments } }: Props) {
  if (attachments.length === 0) return null
  return (
    <ul className="mt-1">
      {attachments.map(({ attachmentId, name }) => (
        <li key={attachmentId}>
          <a className="textbtn small" href={`${at}/attachments/${attachmentId}`} download={name}>
            <Icon name="download" size="s" />
            <bdi className="break-words">{name}</bdi>
          </a>
        </li>
      ))}
    </ul>
  )
}
