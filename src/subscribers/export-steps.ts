/** Writes a data export as a ZIP while it is being read: one file after the other, a batch of rows at a time. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { App } from '../platform/app.ts'
import { operator } from '../platform/operator.ts'
import { fileOf, filesOf } from '../tickets/attachment-store.ts'
import { csvRow } from '../values/csv.ts'
import type { Locale } from '../values/locale.ts'
import {
  csvHead,
  type DatasetName,
  datasetNames,
  datasets,
  filePath,
  jsonRow,
  manifestOf,
  pageFoot,
  pageHead,
  schemaOf,
  sectionFoot,
  sectionHead,
  sectionRow,
  shownRowsMax,
} from './export.ts'
import { csvBytes, jsonBytes } from './export-bytes.ts'
import { copiedRows, isCopied } from './export-copy-store.ts'
import { rowsOf } from './export-store.ts'
import { recordExport } from './store.ts'

type Chunks = AsyncIterable<string | Buffer>
// Tables repeat themselves so much that trying harder takes twice the time for a few percent.
const compressionLevel = 1

type File = { path: string; sha256: string; bytes: number }

/** The ZIP as a stream; `exported_at` is recorded when the last byte of data has been read. */
export async function exportZip(app: App, subscriberId: string, locale: Locale): Promise<Readable> {
  const files = await filesOf(app.db, subscriberId)
  const now = app.clock.now().round('millisecond')
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const written: File[] = []
  zip.on('error', (error: Error) => output.destroy(error))
  const add = (path: string, chunks: () => Chunks) => {
    // The ZIP does not listen for the errors of what it reads lazily, and an error nobody hears ends the process.
    const open = () =>
      Readable.from(measured(path, chunks(), written), { objectMode: false }).on('error', (error) =>
        zip.emit('error', error),
      )
    const mtime = new Date(now.epochMilliseconds)
    zip.addReadStreamLazy(path, { mtime, compressionLevel }, (done) => done(null, open()))
  }
  add('index.html', () => pageOf(app, subscriberId, locale, now))
  for (const name of datasetNames) {
    add(`data/${name}.json`, () => jsonOf(app, subscriberId, name))
    add(`data/${name}.csv`, () => csvOf(app, subscriberId, name))
    add(`data/${name}.schema.json`, () => once(schemaOf(name, locale)))
  }
  for (const file of files) {
    add(filePath(file), async function* () {
      // Erased meanwhile, it is there no more.
      const found = await fileOf(app.db, { subscriberId, ...file })
      if (found) yield found.content
    })
  }
  add('manifest.json', async function* () {
    yield manifestOf([...written], {
      subscriberId,
      createdAt: now.toString(),
      operator: operator.name,
    })
    await recordExport(app.db, subscriberId, now)
  })
  zip.end()
  return output
}

async function* jsonOf(app: App, subscriberId: string, name: DatasetName) {
  const columns = datasets[name]
  let before = '[\n'
  if (isCopied(name)) {
    for await (const rows of copiedRows(app.db, subscriberId, name)) {
      yield before
      yield jsonBytes(columns, rows).subarray(0, -2)
      before = ',\n'
    }
  } else {
    for await (const row of rowsOf(app.db, subscriberId, name)) {
      yield before + jsonRow(columns, row)
      before = ',\n'
    }
  }
  yield before === '[\n' ? '[]\n' : '\n]\n'
}

async function* csvOf(app: App, subscriberId: string, name: DatasetName) {
  const columns = datasets[name]
  yield csvHead(columns)
  if (!isCopied(name)) {
    for await (const row of rowsOf(app.db, subscriberId, name)) yield csvRow(row)
    return
  }
  for await (const rows of copiedRows(app.db, subscriberId, name)) yield csvBytes(columns, rows)
}

async function* pageOf(
  app: App,
  subscriberId: string,
  locale: Locale,
  now: Temporal.Instant,
): AsyncGenerator<string> {
  yield pageHead(locale, operator.name, now.toString())
  for (const name of datasetNames) {
    yield sectionHead(name, locale)
    let shown = 0
    let hasMore = false
    for await (const row of rowsOf(app.db, subscriberId, name)) {
      hasMore = shown === shownRowsMax
      if (hasMore) break
      yield sectionRow(name, row, locale)
      shown += 1
    }
    yield sectionFoot(locale, shown, hasMore)
  }
  yield pageFoot
}

async function* once(text: string): AsyncGenerator<string> {
  yield text
}

/** Small chunks are gathered, since each would otherwise cross the compressor on its own. */
async function* measured(path: string, chunks: Chunks, written: File[]): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const gatheredMax = 16 * 1024
  let bytes = 0
  let gathered = ''
  const pass = (chunk: Buffer) => {
    hash.update(chunk)
    bytes += chunk.length
    return chunk
  }
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') gathered += chunk
    if (gathered.length >= gatheredMax || (typeof chunk !== 'string' && gathered !== '')) {
      yield pass(Buffer.from(gathered))
      gathered = ''
    }
    if (typeof chunk !== 'string') yield pass(chunk)
  }
  if (gathered !== '') yield pass(Buffer.from(gathered))
  written.push({ path, sha256: hash.digest('hex'), bytes })
}
