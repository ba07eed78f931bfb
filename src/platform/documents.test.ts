/** What is typeset uses no font of the machine, comes out the same twice, and fails as a Fault. */
import { expect, test } from 'vitest'
import { renderPdf } from './documents.ts'

const at = Temporal.Instant.from('2026-12-15T09:00:00Z')
const template = `#set document(date: auto)
#set text(font: ("Inter", "Noto Sans Arabic", "Noto Sans SC"), fallback: false)
#json(bytes(sys.inputs.page)).name`

const render = (name: string) => renderPdf({ template, inputs: {}, page: { name }, at })
const latin = (pdf: Uint8Array) => Buffer.from(pdf).toString('latin1')

test('a PDF/A-3b of that moment, from our own fonts', async () => {
  const text = latin(await render('Lin Yue 林悦'))
  expect(text.startsWith('%PDF-1.7')).toBe(true)
  expect(text).toContain('<pdfaid:part>3</pdfaid:part>')
  expect(text).toContain('2026-12-15T09:00:00')
  const fonts = new Set(
    [...text.matchAll(/\/FontName\s*\/[A-Z]{6}\+([\w-]+)/g)].map(([, font]) => font),
  )
  expect([...fonts].sort()).toEqual(['Inter-Regular', 'NotoSansSC-Regular'])
})

test('the same job gives the same bytes', async () => {
  expect(await render('Lin Yue')).toEqual(await render('Lin Yue'))
})

test('a name in letters we have no font for is printed all the same', async () => {
  for (const name of ['🇯🇵', '한국어', 'العربية', 'ไทย', 'हिन्दी', '\u0000', '\ud800']) {
    expect(latin(await render(name)).startsWith('%PDF'), name).toBe(true)
  }
})

test('what cannot be typeset is a fault that says why, and the next job works', async () => {
  const broken = renderPdf({ template: '#nothing-of-that-name', inputs: {}, page: {}, at })
  await expect(broken).rejects.toMatchObject({
    name: 'Fault',
    outcome: 'not-done',
    partner: 'documents',
  })
  await expect(broken).rejects.toThrow(/unknown variable/)
  await expect(render('again')).resolves.toBeDefined()
})
