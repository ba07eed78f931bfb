/** A file is what its first bytes say, whatever it is called, and its name can't break out of where it is written. */
import { expect, test } from 'vitest'
import { isRefusal } from '../values/refusal.ts'
import { plainName, readAttachments, typeOf } from './attachment.ts'
import { attachmentBytesMax } from './wire.ts'

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0])
const of = (content: Buffer, name = 'a.png') => ({ name, content: content.toString('base64') })

test('pictures and PDF are told by their beginning; a script that is called a picture is not taken', () => {
  expect(typeOf(png)).toBe('image/png')
  expect(typeOf(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))).toBe('image/jpeg')
  expect(typeOf(Buffer.from('RIFF\0\0\0\0WEBPVP8 '))).toBe('image/webp')
  expect(typeOf(Buffer.from('%PDF-1.7'))).toBe('application/pdf')
  for (const text of ['', '<svg onload="alert(1)">', '<!doctype html>', 'GIF89a'])
    expect(typeOf(Buffer.from(text))).toBeUndefined()
  const taken = readAttachments([of(png), of(Buffer.from('<script>'), 'b.png')])
  expect(taken).toMatchObject({ refused: 'attachment-not-taken' })
  expect(isRefusal(readAttachments([of(png)]))).toBe(false)
})

test('one that is too large is not taken', () => {
  const large = Buffer.concat([png, Buffer.alloc(attachmentBytesMax)])
  expect(readAttachments([of(large)])).toMatchObject({ refused: 'attachment-not-taken' })
})

test('of a name only its last part stays, without control characters', () => {
  expect(plainName('../../etc/pass\r\nwd')).toBe('passwd')
  expect(plainName('C:\\fotos\\Rechnung.pdf')).toBe('Rechnung.pdf')
  expect(plainName('\u202egnp.exe')).toBe('gnp.exe')
  expect(plainName('///')).toBe('file')
})
