/** Reads a mail (RFC 5322, 2045–2047, 2231): its headers, its text and HTML, its attachments. */
export type Attachment = {
  name: string
  type: string
  contentId: string | undefined
  content: Buffer
}

export type Mail = {
  messageId: string | undefined
  from: string
  subject: string
  text: string
  html: string | undefined
  attachments: Attachment[]
}

type Headers = ReadonlyMap<string, string>
type Entity = { headers: Headers; body: Buffer }

const DEPTH_MAX = 12

export function readMail(raw: Buffer): Mail {
  const entity = split(raw)
  const mail: Mail = {
    messageId: entity.headers.get('message-id')?.trim() || undefined,
    from: decodeWords(entity.headers.get('from') ?? ''),
    subject: decodeWords(entity.headers.get('subject') ?? ''),
    text: '',
    html: undefined,
    attachments: [],
  }
  collect(entity, mail, 0)
  if (mail.text === '' && mail.html !== undefined) mail.text = textOfHtml(mail.html)
  return mail
}

/** Parts the headers from the body; headers are folded lines of latin1 or UTF-8 bytes. */
function split(raw: Buffer): Entity {
  const crlf = raw.indexOf('\r\n\r\n')
  const lf = raw.indexOf('\n\n')
  const useLf = lf >= 0 && (crlf < 0 || lf < crlf)
  const at = useLf ? lf : crlf
  const head = at < 0 ? raw : raw.subarray(0, at)
  const body = at < 0 ? Buffer.alloc(0) : raw.subarray(at + (useLf ? 2 : 4))
  const headers = new Map<string, string>()
  for (const line of head
    .toString('utf8')
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
  }
  return { headers, body }
}

function collect({ headers, body }: Entity, mail: Mail, depth: number): void {
  const type = readParameters(headers.get('content-type') ?? 'text/plain')
  const boundary = type.parameters.get('boundary')
  if (type.value.startsWith('multipart/') && boundary !== undefined) {
    if (depth >= DEPTH_MAX) return
    for (const part of partsOf(body, boundary)) collect(split(part), mail, depth + 1)
    return
  }
  const disposition = readParameters(headers.get('content-disposition') ?? '')
  const name = disposition.parameters.get('filename') ?? type.parameters.get('name')
  const content = decodeBody(body, headers.get('content-transfer-encoding') ?? '')
  const isText = type.value === 'text/plain' || type.value === 'text/html'
  if (!isText || disposition.value === 'attachment' || name !== undefined) {
    const contentId = headers.get('content-id')?.trim().replaceAll(/^<|>$/g, '')
    const fallback = `attachment-${mail.attachments.length + 1}`
    mail.attachments.push({
      name: safeName(name ?? fallback),
      type: type.value,
      contentId,
      content,
    })
    return
  }
  const text = decodeCharset(content, type.parameters.get('charset') ?? 'utf-8')
  if (type.value === 'text/html') mail.html = (mail.html ?? '') + text
  else mail.text += (mail.text === '' ? '' : '\n') + text.replaceAll('\r\n', '\n')
}

function partsOf(body: Buffer, boundary: string): Buffer[] {
  const text = body.toString('latin1')
  const marker = `--${boundary}`
  const starts: { from: number; to: number; last: boolean }[] = []
  for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, at + marker.length)) {
    if (at > 0 && text[at - 1] !== '\n') continue
    const lineEnd = text.indexOf('\n', at)
    const rest = text.slice(at + marker.length, lineEnd < 0 ? undefined : lineEnd).trimEnd()
    if (rest !== '' && rest !== '--') continue
    const last = rest === '--'
    starts.push({ from: lineEnd < 0 ? text.length : lineEnd + 1, to: at, last })
    if (last) break
  }
  return starts.flatMap(({ from, last }, index) => {
    const next = starts[index + 1]
    if (last) return []
    // The line break before a boundary belongs to the boundary.
    const part = body.subarray(from, next?.to ?? body.length)
    const breakLength = part.subarray(-2).toString() === '\r\n' ? 2 : 1
    return [next ? part.subarray(0, Math.max(0, part.length - breakLength)) : part]
  })
}

function decodeBody(body: Buffer, encoding: string): Buffer {
  const name = encoding.trim().toLowerCase()
  if (name === 'base64') return Buffer.from(body.toString('latin1'), 'base64')
  if (name === 'quoted-printable') return decodeQuoted(body.toString('latin1'))
  return body
}

function decodeQuoted(text: string): Buffer {
  const joined = text.replaceAll(/[ \t]+(?=\r?\n)/g, '').replaceAll(/=\r?\n/g, '')
  const bytes = joined.replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1')
}

function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return bytes.toString('utf8')
  }
}

/** RFC 2047 `=?charset?B|Q?text?=`; blanks between two encoded words don't count. */
function decodeWords(text: string): string {
  const glued = text.replaceAll(/(\?=)\s+(?==\?)/g, '$1')
  // A character may be split over two words, so neighbours in one charset are decoded together.
  return glued.replaceAll(/(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)+/g, (run) => {
    const words = [...run.matchAll(/=\?([^?\s*]+)(?:\*[^?]*)?\?([bBqQ])\?([^?]*)\?=/g)]
    const charset = words[0]?.[1] ?? 'utf-8'
    const bytes = words.map(([, , kind, data = '']) =>
      kind?.toLowerCase() === 'b'
        ? Buffer.from(data, 'base64')
        : decodeQuoted(data.replaceAll('_', ' ')),
    )
    return decodeCharset(Buffer.concat(bytes), charset)
  })
}

type Parameterised = { value: string; parameters: Map<string, string> }

/** `value; name=text; name="text"; name*0*=utf-8''text` */
function readParameters(header: string): Parameterised {
  const [value = ''] = header.split(';', 1)
  const parameters = new Map<string, string>()
  const pieces = new Map<string, { index: number; text: string; coded: boolean }[]>()
  const pattern = /;\s*([^=\s;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g
  for (const [, rawName = '', quoted, plain] of header.matchAll(pattern)) {
    const text = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain?.trim() ?? ''
    const [, name = '', index, star] =
      /^([^*]+)(?:\*(\d+))?(\*)?$/.exec(rawName.toLowerCase()) ?? []
    if (index === undefined && star === undefined) parameters.set(name, decodeWords(text))
    else {
      const piece = { index: Number(index ?? 0), text, coded: star !== undefined }
      pieces.set(name, [...(pieces.get(name) ?? []), piece])
    }
  }
  for (const [name, list] of pieces) parameters.set(name, joinPieces(list))
  return { value: value.trim().toLowerCase(), parameters }
}

// RFC 2231: the first piece may name the charset; coded pieces are percent-encoded bytes.
function joinPieces(list: { index: number; text: string; coded: boolean }[]): string {
  const sorted = list.sort((a, b) => a.index - b.index)
  const [, charset = 'utf-8'] = /^([^']*)'[^']*'/.exec(sorted[0]?.text ?? '') ?? []
  const bytes = sorted.map(({ text, coded }, index) => {
    const bare = index === 0 && coded ? text.replace(/^[^']*'[^']*'/, '') : text
    const plain = bare.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return coded ? Buffer.from(plain, 'latin1') : Buffer.from(bare, 'utf8')
  })
  return decodeCharset(Buffer.concat(bytes), charset || 'utf-8')
}

const safeName = (name: string): string =>
  // oxlint-disable-next-line no-control-regex
  name.replaceAll(/[\u0000-\u001f\u007f/\\]/g, '_').slice(0, 200) || 'attachment'

function textOfHtml(html: string): string {
  return html
    .replaceAll(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, '')
    .replaceAll(/<(?:br|\/p|\/div|\/tr|\/h[1-6]|\/li)\b[^>]*>/gi, '\n')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll(/&(nbsp|amp|lt|gt|quot|#39);/g, (entity) => named[entity] ?? entity)
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim()
}

const named: Record<string, string> = {
  '&nbsp;': ' ',
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}
