/** Typesets PDF documents with fonts of our own, in this process, without a network. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler'
import { Fault } from '../values/fault.ts'
import { coverageOf, showable } from './font-coverage.ts'

const fonts = [
  '@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf',
  '@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf',
  '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
  '@expo-google-fonts/noto-sans-sc/600SemiBold/NotoSansSC_600SemiBold.ttf',
  '@expo-google-fonts/noto-sans-arabic/400Regular/NotoSansArabic_400Regular.ttf',
  '@expo-google-fonts/noto-sans-arabic/600SemiBold/NotoSansArabic_600SemiBold.ttf',
  '@expo-google-fonts/jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf',
]

export type PdfJob = {
  /** The text of a Typst template. */
  template: string
  /** What the template reads as `sys.inputs`. */
  inputs: Record<string, string>
  /** Read as `sys.inputs.page`, in JSON: the texts to print. A letter that no font of ours has becomes a box. */
  page: unknown
  /** Written into the file as its date, so that the same job gives the same bytes. */
  at: Temporal.Instant
}

type Press = { compiler: NodeCompiler; covered: ReadonlySet<number> }

let opening: Promise<Press> | undefined

/** A PDF/A-3b; throws a Fault when nothing could be made. */
export async function renderPdf({ template, inputs, page, at }: PdfJob): Promise<Uint8Array> {
  try {
    opening ??= openPress()
    const { compiler, covered } = await opening
    // PDF/A refuses a letter without a glyph, and a nickname with an emoji must not stop a closure.
    const texts = JSON.stringify(page, (_, value: unknown) =>
      typeof value === 'string' ? showable(value, covered) : value,
    )
    const compiled = compiler.compile({
      mainFileContent: template,
      inputs: { ...inputs, page: texts },
    })
    const document = compiled.result
    if (!document)
      throw new Error(JSON.stringify(compiled.takeError()?.shortDiagnostics ?? 'no document'))
    const creationTimestamp = Math.floor(at.epochMilliseconds / 1000)
    const pdf = compiler.pdf(document, { pdfStandard: 'a-3b', creationTimestamp })
    compiler.evictCache(10)
    return new Uint8Array(pdf)
  } catch (error) {
    // A compiler that could not be opened may open next time.
    const opened = await opening?.then(
      () => true,
      () => false,
    )
    if (!opened) opening = undefined
    throw new Fault('documents', 'not-done', error instanceof Error ? error.message : String(error))
  }
}

// Opening takes seconds and memory, so only a process that renders does it, once.
async function openPress(): Promise<Press> {
  const { NodeCompiler } = await import('@myriaddreamin/typst-ts-node-compiler')
  const { resolve } = createRequire(import.meta.url)
  const fontBlobs = fonts.map((font) => readFileSync(resolve(font)))
  const compiler = NodeCompiler.create({ fontArgs: [{ fontBlobs }] })
  return {
    compiler,
    covered: new Set(fontBlobs.slice(0, -1).flatMap((font) => [...coverageOf(font)])),
  }
}
