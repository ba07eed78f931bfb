/** Typesets in a thread of its own, so that a server that is asked for a document goes on answering everybody else. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { Fault } from '../values/fault.ts'
import { type PdfJob, renderPdf } from './documents.ts'

type Asked = Omit<PdfJob, 'at'> & { id: number; atMs: number }
type Answer = { id: number; pdf: Uint8Array } | { id: number; failure: string }
type Waiting = { resolve(pdf: Uint8Array): void; reject(fault: Fault): void }

const waiting = new Map<number, Waiting>()
let thread: Worker | undefined
let asked = 0

/** As `renderPdf`; the thread is started by the first document and kept. */
export function renderPdfAside({ at, ...job }: PdfJob): Promise<Uint8Array> {
  thread ??= start()
  const id = (asked += 1)
  const message: Asked = { ...job, id, atMs: at.epochMilliseconds }
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    thread?.ref()
    thread?.postMessage(message)
  })
}

function start(): Worker {
  const worker = new Worker(new URL(import.meta.url))
  worker.unref()
  worker.on('message', (answer: Answer) => {
    const one = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if ('pdf' in answer) one?.resolve(answer.pdf)
    else one?.reject(new Fault('documents', 'not-done', answer.failure))
  })
  worker.on('error', (error) => fail(worker, String(error)))
  worker.on('exit', (code) => fail(worker, `the thread ended with ${code}`))
  return worker
}

function fail(worker: Worker, why: string) {
  if (thread === worker) thread = undefined
  for (const { reject } of waiting.values()) reject(new Fault('documents', 'not-done', why))
  waiting.clear()
}

if (!isMainThread && parentPort) {
  const port = parentPort
  port.on('message', (message: Asked) => {
    const { id, atMs, ...job } = message
    renderPdf({ ...job, at: Temporal.Instant.fromEpochMilliseconds(atMs) }).then(
      (pdf) => port.postMessage({ id, pdf } satisfies Answer),
      (error: unknown) =>
        port.postMessage({
          id,
          failure: error instanceof Error ? error.message : String(error),
        } satisfies Answer),
    )
  })
}
