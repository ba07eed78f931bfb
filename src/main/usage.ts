/** `violet usage import FILE`: takes a file of usage records in, with a progress bar; goes on where a crash stopped it. */
import { readFileSync, statSync } from 'node:fs'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { openLog } from '../platform/log.ts'
import { CannotStart } from '../platform/process.ts'
import { openProgress, type Progress } from '../platform/progress.ts'
import { openQueue } from '../platform/queue.ts'
import { type Imported, importUsage, type NotImported } from '../usage/import-steps.ts'
import { defaultMapping, type Mapping, mappingSchema } from '../usage/mapping.ts'
import { checkPlace } from './csv-file.ts'
import { withConfig } from './with-config.ts'
import { allQueues } from './wiring.ts'

export type UsageImportOptions = {
  mapping?: string
  rejects?: string
  data?: string
  json: boolean
}

/** 0: every record is in or was known; 1: some were rejected, or the database went away; 2: the file can't be used. */
export async function usageImport(path: string, options: UsageImportOptions): Promise<number> {
  const mapping = readMapping(options.mapping)
  checkFile(path)
  if (options.rejects !== undefined) checkPlace(options.rejects)
  let code = 0
  await withConfig(options.data, async (config) => {
    const outcome = await take(config, path, mapping, options.rejects ?? `${path}.rejects.csv`)
    code = tell(outcome, path, options.json)
  })
  return code
}

async function take(config: Config, path: string, mapping: Mapping, rejectsFile: string) {
  const db = openDatabase(openPool(config.databaseUrl, 6), config)
  const log = openLog(config, 'usage-import')
  const queue = await openQueue(config.databaseUrl, log, allQueues)
  const app = { config, db, clock: systemClock, ids: systemIds(), log, queue }
  let bar: Progress | undefined
  try {
    return await importUsage(app, path, {
      mapping,
      rejectsFile,
      ...batchSize(),
      onProgress: ({ charged, repeated, rejected, linesExpected }) => {
        bar ??= openProgress('Usage', linesExpected)
        bar.at(charged + repeated + rejected)
      },
    })
  } catch (error) {
    if (!isLost(error)) throw error
    return 'lost' as const
  } finally {
    bar?.end()
    await queue.close().catch(() => undefined)
    await db.destroy().catch(() => undefined)
  }
}

// Smaller batches, for those who want to see an import stopped between two of them.
function batchSize(): { recordsPerBatch?: number } {
  const size = Number(process.env['VIOLET_IMPORT_BATCH'])
  return Number.isInteger(size) && size > 0 ? { recordsPerBatch: size } : {}
}

// 57P0x: shut down or crashed; 08…: the connection broke. Without a code it was the socket.
function isLost(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    /^(57P0|08)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(message)
  )
}

const sentences = {
  empty: () => 'is empty',
  busy: () => 'is being taken in by another process',
  'missing-columns': (names: string[]) =>
    `has no column ${names.map((name) => `"${name}"`).join(', ')}: check the header or give --mapping`,
}

function tell(outcome: Imported | NotImported | 'lost', path: string, json: boolean): number {
  if (outcome === 'lost') {
    process.stderr.write('The database went away. Run the same command again: it goes on.\n')
    return 1
  }
  if ('refused' in outcome) {
    process.stderr.write(`${path} ${sentences[outcome.refused](outcome.names)}.\n`)
    return 2
  }
  const { charged, repeated, rejected, rejectsFile, resumed, importId } = outcome
  const where = rejectsFile ? ` Rejected lines: ${rejectsFile}` : ''
  const again = resumed ? ' (went on where an earlier run stopped)' : ''
  process.stdout.write(
    json
      ? `${JSON.stringify({ importId, charged, repeated, rejected, rejectsFile, resumed })}\n`
      : `${charged} records charged, ${repeated} known before, ${rejected} rejected${again}.${where}\n`,
  )
  return rejected > 0 ? 1 : 0
}

function checkFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) throw new CannotStart(`${path} is not a file.`)
}

function readMapping(path: string | undefined): Mapping {
  if (path === undefined) return defaultMapping
  let document: unknown
  try {
    document = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new CannotStart(`The mapping ${path} cannot be read: ${(error as Error).message}`)
  }
  const parsed = mappingSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new CannotStart(
    `The mapping ${path} is not valid: ${issue?.path.join('.') || 'document'}: ${issue?.message}`,
  )
}
