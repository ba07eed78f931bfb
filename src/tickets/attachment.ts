/** What may go with a message: pictures and PDF, told by their first bytes and not by what they are called. */
import { type Refusal, refuse } from '../values/refusal.ts'
import { attachmentBytesMax, type attachmentTypes } from './wire.ts'

export type AttachmentType = (typeof attachmentTypes)[number]
export type Attachment = {
  attachmentId: string
  name: string
  type: AttachmentType
  bytes: number
}
export type NewAttachment = { name: string; type: AttachmentType; content: Buffer }

const ascii = (text: string) => [...Buffer.from(text, 'latin1')]
const beginnings: readonly (readonly [AttachmentType, number, readonly number[]])[] = [
  ['image/png', 0, [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/webp', 8, ascii('WEBP')],
  ['application/pdf', 0, ascii('%PDF-')],
]

export function typeOf(content: Uint8Array): AttachmentType | undefined {
  return beginnings.find(([, from, bytes]) =>
    bytes.every((byte, at) => content[from + at] === byte),
  )?.[0]
}

/** Of a path the last part, without what could end or turn a line. */
export function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  return last.replaceAll(/[\p{C}\u2028\u2029]/gu, '').trim() || 'file'
}

/** Each of them, or why one of them is not taken; none is taken then. */
export function readAttachments(
  asked: readonly { name: string; content: string }[],
): NewAttachment[] | Refusal {
  const read: NewAttachment[] = []
  for (const { name, content } of asked) {
    const bytes = Buffer.from(content, 'base64')
    const type = typeOf(bytes)
    if (!type || bytes.length > attachmentBytesMax)
      return refuse('attachment-not-taken', { name: plainName(name) })
    read.push({ name: plainName(name), type, content: bytes })
  }
  return read
}
