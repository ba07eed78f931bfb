/** Pictures and PDF beside what is written: chosen here, made small enough here, sent with the words. */
import { useRef, useState } from 'react'
import { TextButton } from '../../portal/components/button.tsx'
import { FieldError } from '../../portal/components/field.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { useWords } from '../../portal/words.tsx'

export type Chosen = { name: string; content: string }

// What the API takes (wire.ts), which brings more along than a page needs.
const most = 3
const bytesMax = 1_500_000
const edgeMax = 2_000
const taken = ['image/png', 'image/jpeg', 'image/webp', 'application/pdf']

type Props = { files: readonly Chosen[]; onChange: (files: readonly Chosen[]) => void }

export function Attach({ files, onChange }: Props) {
  const { t } = useWords()
  const input = useRef<HTMLInputElement>(null)
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const add = async (list: readonly File[]) => {
    setBusy(true)
    const read: Chosen[] = []
    const refused: string[] = []
    for (const file of list) {
      const content = await contentOf(file)
      if (content) read.push({ name: file.name.slice(-100), content })
      else refused.push(file.name)
    }
    const all = [...files, ...read]
    onChange(all.slice(0, most))
    const first = refused[0] ?? (all.length > most ? list.at(-1)?.name : undefined)
    setWrong(first && t('ticket.attach-not-taken', { name: first }))
    setBusy(false)
  }
  return (
    <div>
      <ul>
        {files.map(({ name }, at) => (
          <li key={`${name} ${at}`} className="row tight">
            <Icon name="statement" size="s" />
            <span className="grow small break-words">
              <bdi>{name}</bdi>
            </span>
            <TextButton onClick={() => onChange(files.filter((_, other) => other !== at))}>
              {t('button.remove')}
            </TextButton>
          </li>
        ))}
      </ul>
      <input
        ref={input}
        type="file"
        multiple
        accept={taken.join()}
        className="sr-only"
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const list = [...(event.target.files ?? [])]
          event.target.value = ''
          void add(list)
        }}
      />
      {files.length < most && (
        <TextButton busy={busy} onClick={() => input.current?.click()}>
          {t('ticket.attach')}
        </TextButton>
      )}
      {wrong ? (
        <FieldError>{wrong}</FieldError>
      ) : (
        <p className="caption c3">{t('ticket.attach-what')}</p>
      )}
    </div>
  )
}

/** In base64; undefined when it is none of what is taken, or too large and no picture that could be made smaller. */
async function contentOf(file: File): Promise<string | undefined> {
  if (!taken.includes(file.type)) return undefined
  const small = file.size > bytesMax && file.type.startsWith('image/') ? await smaller(file) : file
  if (!small || small.size > bytesMax || small.size === 0) return undefined
  const bytes = new Uint8Array(await small.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

async function smaller(file: File): Promise<Blob | undefined> {
  const picture = await createImageBitmap(file).catch(() => undefined)
  if (!picture) return undefined
  const scale = Math.min(1, edgeMax / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(picture.width * scale)
  canvas.height = Math.round(picture.height * scale)
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return new Promise((done) => canvas.toBlob((blob) => done(blob ?? undefined), 'image/jpeg', 0.82))
}
