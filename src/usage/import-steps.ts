/** Takes a file of usage in: window by window, each window by SIM in batches, each batch in one transaction. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Tools } from './commit-store.ts'
import { type FileLine, openUsageFile, type UsageFile, type Window } from './file-gateway.ts'
import {
  batchDone,
  beginImport,
  holdImport,
  importDone,
  type ImportCounts,
  releaseImport,
  rejectedLines,
  windowDone,
} from './import-store.ts'
import { type Layout, layoutOf, type Mapping, readLine, shownOf } from './mapping.ts'
import type { Reason, UsageRecord } from './record.ts'
import { type NewReject, storeRejects } from './reject-store.ts'
import { chargeRecords } from './store.ts'

export type ImportOptions = {
  mapping: Mapping
  /** Bytes of the file that are held and sorted at once. */
  windowBytes?: number
  recordsPerBatch?: number
  batchesAtOnce?: number
  rejectsFile?: string
  onProgress?: (at: Imported & { linesExpected: number }) => void
}

export type Imported = ImportCounts & {
  importId: string
  lines: number
  doneBytes: number
  resumed: boolean
  rejectsFile: string | null
}
export type NotImported = { refused: 'missing-columns' | 'empty' | 'busy'; names: string[] }

type Line = UsageRecord & { number: number; text: string; sim: number }
type Job = {
  app: Tools
  importId: string
  mapping: Mapping
  layout: Layout
  batchesAtOnce: number
  recordsPerBatch: number
}

/** Run again after a crash it goes on; run again on a file that is done it finds every record known. */
export async function importUsage(
  app: Tools,
  path: string,
  options: ImportOptions,
): Promise<Imported | NotImported> {
  const { mapping } = options
  const file = await openUsageFile(path, mapping.encoding)
  try {
    if (file.bytes === 0) return { refused: 'empty', names: [] }
    const layout = layoutOf(mapping, file.header)
    if ('missing' in layout) return { refused: 'missing-columns', names: layout.missing }
    const importId = importIdOf(file, mapping)
    const held = await holdImport(app.db, importId)
    if (!held) return { refused: 'busy', names: [] }
    try {
      return await run(file, basename(path), options, {
        app,
        importId,
        mapping,
        layout,
        batchesAtOnce: options.batchesAtOnce ?? 2,
        recordsPerBatch: options.recordsPerBatch ?? 4000,
      })
    } finally {
      await releaseImport(held, importId)
    }
  } finally {
    await file.close()
  }
}

async function run(file: UsageFile, fileName: string, options: ImportOptions, job: Job) {
  const { app, importId } = job
  const begun = await beginImport(app.db, app.clock.now(), {
    importId,
    fileName,
    bytes: file.bytes,
  })
  const total: Imported = {
    importId,
    charged: begun.charged,
    repeated: begun.repeated,
    rejected: begun.rejected,
    lines: Math.max(begun.doneLines, 1),
    doneBytes: Math.max(begun.doneBytes, file.headerBytes),
    resumed: begun.resumed,
    rejectsFile: null,
  }
  let doneBatches = new Set(begun.doneBatches)
  const windowBytes = options.windowBytes ?? 32 << 20
  for await (const window of file.windows(total.doneBytes, total.lines, windowBytes)) {
    await takeWindow(job, window, doneBatches, (counts) => {
      total.charged += counts.charged
      total.repeated += counts.repeated
      total.rejected += counts.rejected
      options.onProgress?.({ ...total, linesExpected: file.linesExpected })
    })
    await windowDone(app.db, app.clock.now(), importId, window)
    doneBatches = new Set()
    total.lines = window.endLines
    total.doneBytes = window.endBytes
    options.onProgress?.({ ...total, linesExpected: file.linesExpected })
  }
  if (options.rejectsFile !== undefined) {
    total.rejectsFile = await writeRejects(app, importId, options.rejectsFile)
  }
  await importDone(app.db, app.clock.now(), importId)
  return total
}

function importIdOf(file: UsageFile, mapping: Mapping): string {
  const digest = createHash('sha256').update(file.fingerprint).update(JSON.stringify(mapping))
  return `import_${digest.digest('hex').slice(0, 32)}`
}

/** The order within a window depends on the file alone, so that batches are the same after a crash. */
async function takeWindow(
  job: Job,
  { lines }: Window,
  done: ReadonlySet<number>,
  count: (counts: ImportCounts) => void,
): Promise<void> {
  const records: Line[] = []
  const rejects: NewReject[] = []
  for (const line of lines) {
    if (line.text === '' && !line.fault) continue
    const read = line.fault ? undefined : readLine(line.text, job.mapping, job.layout)
    if (read && !('reason' in read)) {
      const { usageId, imsi, kind, quantity, startedUs, endedUs, mcc, mnc, country } = read
      const { number, text } = line
      records.push({
        usageId,
        imsi,
        kind,
        quantity,
        startedUs,
        endedUs,
        mcc,
        mnc,
        country,
        number,
        text,
        sim: Number(imsi),
      })
    } else rejects.push(rejectOf(job, line, read?.reason ?? line.fault!, read))
  }
  records.sort(bySim)
  // Batch 0 is what could not be read.
  if (rejects.length > 0 && !done.has(0)) {
    await job.app.db.transaction().execute(async (trx) => {
      const now = job.app.clock.now()
      await storeRejects(trx, now, rejects)
      const counts = { charged: 0, repeated: 0, rejected: rejects.length }
      await batchDone(trx, now, job.importId, 0, counts)
      count(counts)
    })
  }
  const chains = cut(records, job.recordsPerBatch).values()
  const worker = async () => {
    for (const chain of chains) {
      for (const { index, own } of chain) {
        if (!done.has(index)) count(await takeBatch(job, index, own))
      }
    }
  }
  await Promise.all(Array.from({ length: job.batchesAtOnce }, worker))
}

async function takeBatch(job: Job, index: number, records: Line[]): Promise<ImportCounts> {
  const { app, importId } = job
  const { charged, repeated, rejected } = await chargeRecords(app, records, async (trx, result) => {
    const now = app.clock.now()
    const rejects = result.rejected.map(({ record, reason }) =>
      rejectOf(job, record, reason, record),
    )
    await storeRejects(trx, now, rejects)
    await batchDone(trx, now, importId, index, {
      charged: result.charged,
      repeated: result.repeated,
      rejected: rejects.length,
    })
  })
  return { charged, repeated, rejected: rejected.length }
}

function rejectOf(
  { importId }: Job,
  { number, text }: Pick<FileLine, 'number' | 'text'>,
  reason: Reason,
  read: { usageId: string; imsi: string } | undefined,
): NewReject {
  return {
    source: 'import',
    line: { importId, number },
    usageId: read?.usageId ?? '',
    imsi: read?.imsi ?? '',
    reason,
    original: text,
    record: shownOf(read),
  }
}

function bySim(a: Line, b: Line): number {
  return (
    a.sim - b.sim ||
    a.imsi.length - b.imsi.length ||
    a.startedUs - b.startedUs ||
    a.number - b.number
  )
}

type Batch = { index: number; own: Line[] }

/** Batches of about a size that end with a SIM; those of one SIM with more than that are a chain, taken in order. */
function cut(records: readonly Line[], size: number): Batch[][] {
  const chains: Batch[][] = []
  let [from, index] = [0, 0]
  while (from < records.length) {
    let to = Math.min(from + size, records.length)
    while (to < records.length && records[to]!.imsi === records[to - 1]!.imsi) to += 1
    const chain: Batch[] = []
    for (let at = from; at < to; at += 2 * size) {
      index += 1
      chain.push({ index, own: records.slice(at, Math.min(at + 2 * size, to)) })
    }
    chains.push(chain)
    from = to
  }
  return chains
}

/** Line number, reason and the original line of everything that stands rejected; null where nothing does. */
async function writeRejects(app: Tools, importId: string, path: string): Promise<string | null> {
  let stream: ReturnType<typeof createWriteStream> | undefined
  const draft = `${path}.part`
  for await (const page of rejectedLines(app.db, importId)) {
    if (!stream) {
      stream = createWriteStream(draft)
      stream.write('line,reason,original\n')
    }
    const rows = page.map(({ line, reason, original }) => `${line},${reason},${quoted(original)}\n`)
    if (!stream.write(rows.join(''))) await new Promise((drained) => stream!.once('drain', drained))
  }
  if (!stream) return null
  stream.end()
  await finished(stream)
  await rename(draft, path)
  return path
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
