/** Which characters a font file can show, read from its `cmap` table (OpenType 1.9, "cmap", formats 4 and 12). */

const placeholder = '\u25a1'

/** Every code point the font has a glyph for; empty when the file is none or uses formats we do not know. */
export function coverageOf(font: Buffer): Set<number> {
  const covered = new Set<number>()
  const cmap = tableOffset(font, 'cmap')
  if (cmap === undefined) return covered
  for (let index = 0; index < font.readUInt16BE(cmap + 2); index++) {
    const at = cmap + font.readUInt32BE(cmap + 8 + index * 8)
    const format = font.readUInt16BE(at)
    if (format === 12) addGroups(font, at, covered)
    if (format === 4) addSegments(font, at, covered)
  }
  return covered
}

function tableOffset(font: Buffer, name: string): number | undefined {
  const tables = font.readUInt16BE(4)
  for (let index = 0; index < tables; index++) {
    const at = 12 + index * 16
    if (font.toString('latin1', at, at + 4) === name) return font.readUInt32BE(at + 8)
  }
  return undefined
}

function addGroups(font: Buffer, at: number, covered: Set<number>): void {
  for (let index = 0; index < font.readUInt32BE(at + 12); index++) {
    const group = at + 16 + index * 12
    const [first, last] = [font.readUInt32BE(group), font.readUInt32BE(group + 4)]
    for (let code = first; code <= last; code++) covered.add(code)
  }
}

function addSegments(font: Buffer, at: number, covered: Set<number>): void {
  const doubled = font.readUInt16BE(at + 6)
  const [ends, starts] = [at + 14, at + 16 + doubled]
  const [deltas, offsets] = [starts + doubled, starts + 2 * doubled]
  for (let segment = 0; segment < doubled; segment += 2) {
    const start = font.readUInt16BE(starts + segment)
    const offset = font.readUInt16BE(offsets + segment)
    for (let code = start; code <= font.readUInt16BE(ends + segment) && code < 0xffff; code++) {
      const glyph =
        offset === 0
          ? (code + font.readUInt16BE(deltas + segment)) & 0xffff
          : font.readUInt16BE(offsets + segment + offset + 2 * (code - start))
      if (glyph !== 0) covered.add(code)
    }
  }
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The text with one box for each letter that cannot be shown, and without marks that only steer (joiners, direction). */
export function showable(text: string, covered: ReadonlySet<number>): string {
  return [...graphemes.segment(text.normalize('NFC'))]
    .map(({ segment }) => {
      const seen = segment.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
      // Some fonts claim a glyph for control characters.
      const known = (letter: string) =>
        !/\p{Cc}/u.test(letter) && covered.has(letter.codePointAt(0) ?? 0)
      return [...seen].every(known) ? seen : placeholder
    })
    .join('')
}
