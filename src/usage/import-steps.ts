/** Takes a file of usage in: window by window, each window by SIM in batches, each batch in one transaction. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Tools } from './commit-store.ts'
import { openUsageFile, type UsageFile, type Window } from './file-gateway.ts'
import {
  batchDone,
  beginImport,
  type Cut,
  holdImport,
  importDone,
  type ImportCounts,
  releaseImport,
  rejectedLines,
  windowDone,
} from './import-store.ts'
import { type Layout, layoutOf, type Mapping, readLine, shownOf, simOf } from './mapping.ts'
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

// The larger the window, the more records of one line come together; all of it is held in memory.
const defaultCut: Cut = { windowBytes: 96 << 20, recordsPerBatch: 2000 }

export type Imported = ImportCounts & {
  importId: string
  lines: number
  doneBytes: number
  resumed: boolean
  rejectsFile: string | null
}
export type NotImported = { refused: 'missing-columns' | 'empty' | 'busy'; names: string[] }

type Line = UsageRecord & { number: number; text: string }
type Job = {
  app: Tools
  importId: string
  mapping: Mapping
  layout: Layout
  batchesAtOnce: number
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
        batchesAtOnce: options.batchesAtOnce ?? 4,
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
    windowBytes: options.windowBytes ?? defaultCut.windowBytes,
    recordsPerBatch: options.recordsPerBatch ?? defaultCut.recordsPerBatch,
  })
  const { windowBytes, recordsPerBatch } = begun
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
  for await (const window of file.windows(total.doneBytes, total.lines, windowBytes)) {
    await takeWindow({ ...job, recordsPerBatch }, window, doneBatches, (counts) => {
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
  job: Job & Pick<Cut, 'recordsPerBatch'>,
  window: Window,
  done: ReadonlySet<number>,
  count: (counts: ImportCounts) => void,
): Promise<void> {
  const { sims, order } = bySim(job, window)
  const chains = cut(order, sims, job.recordsPerBatch).values()
  const worker = async () => {
    for (const chain of chains) {
      const batches = chain.filter(({ index }) => !done.has(index))
      let next = batches[0] && readBatch(job, window, batches[0])
      for (let at = 1; next; at += 1) {
        const taken = takeBatch(job, next)
        // While the database writes one of a hot line's batches, the next is read.
        next = batches[at] && readBatch(job, window, batches[at]!)
        count(await taken)
      }
    }
  }
  await Promise.all(Array.from({ length: job.batchesAtOnce }, worker))
}

/** Lines by SIM, those of one SIM as they stand in the file; what has no SIM to read comes first. */
function bySim({ mapping, layout }: Job, window: Window) {
  const sims = new Float64Array(window.count)
  for (let at = 0; at < window.count; at += 1) {
    sims[at] = simOf(window.text(at), mapping.delimiter, layout.imsi)
  }
  // The SIMs alone sort without a function of ours; each line then goes to the next place of its SIM.
  const next = new Map<number, number>()
  for (const [at, sim] of sims.toSorted().entries()) if (!next.has(sim)) next.set(sim, at)
  const order = new Uint32Array(window.count)
  for (let at = 0; at < window.count; at += 1) {
    const sim = sims[at]!
    const place = next.get(sim)!
    order[place] = at
    next.set(sim, place + 1)
  }
  return { sims, order }
}

type ReadBatch = { index: number; records: Line[]; unread: NewReject[] }

function readBatch(job: Job, window: Window, { index, own }: Batch): ReadBatch {
  const batch: ReadBatch = { index, records: [], unread: [] }
  for (const at of own) readInto(job, window, at, batch.records, batch.unread)
  return batch
}

async function takeBatch(job: Job, { index, records, unread }: ReadBatch): Promise<ImportCounts> {
  const { app, importId } = job
  const outcome = await chargeRecords(app, records, async (trx, result) => {
    const now = app.clock.now()
    const rejects = result.rejected.map(({ record, reason }) =>
      rejectOf(job, record, reason, record),
    )
    await storeRejects(trx, now, [...unread, ...rejects])
    await batchDone(trx, now, importId, index, {
      charged: result.charged,
      repeated: result.repeated,
      rejected: unread.length + rejects.length,
    })
  })
  const { charged, repeated, rejected } = outcome
  return { charged, repeated, rejected: rejected.length + unread.length }
}

function readInto(job: Job, window: Window, at: number, records: Line[], unread: NewReject[]) {
  const text = window.text(at)
  const fault = window.fault(at)
  if (text === '' && !fault) return
  const number = window.firstNumber + at
  const read = fault ? undefined : readLine(text, job.mapping, job.layout)
  if (!read || 'reason' in read) {
    unread.push(rejectOf(job, { number, text }, read?.reason ?? fault!, read))
    return
  }
  const { usageId, imsi, kind, quantity, startedUs, endedUs, mcc, mnc, country } = read
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
  })
}

function rejectOf(
  { importId }: Job,
  { number, text }: { number: number; text: string },
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

type Batch = { index: number; own: Uint32Array }

/** Batches of about a size that end with a SIM; those of one SIM with more than that are a chain, taken in order. */
function cut(order: Uint32Array, sims: Float64Array, size: number): Batch[][] {
  const chains: Batch[][] = []
  const simAt = (at: number) => sims[order[at]!]
  let [from, index] = [0, 0]
  while (from < order.length) {
    let to = Math.min(from + size, order.length)
    while (to < order.length && simAt(to) === simAt(to - 1)) to += 1
    const chain: Batch[] = []
    for (let at = from; at < to; at += 2 * size) {
      index += 1
      chain.push({ index, own: order.subarray(at, Math.min(at + 2 * size, to)) })
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
