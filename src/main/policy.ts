/** `violet policy`: checks policy files before they are published. */
import { readFileSync, statSync } from 'node:fs'
import { systemClock } from '../platform/clock.ts'
import { type Finding, lint, type Linted } from '../policy/lint.ts'

const bytesMax = 1_000_000

type Write = (text: string) => void
export type Streams = { out: Write; err: Write }

const streams: Streams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
}

/** 0: every file can be published; 2: one has errors, or can't be read. */
export function policyLintCommand(
  files: readonly string[],
  { json }: { json: boolean },
  { out, err }: Streams = streams,
): number {
  const today = systemClock.now().toZonedDateTimeISO('UTC').toPlainDate()
  const results = files.map((file) => ({ file, ...lintFile(file, today) }))
  if (json) out(`${JSON.stringify({ files: results })}\n`)
  else {
    for (const { file, country, errors, warnings } of results) {
      for (const error of errors) err(`${lineOf(file, 'error', error)}\n`)
      for (const warning of warnings) out(`${lineOf(file, 'warning', warning)}\n`)
      if (errors.length === 0)
        out(`${file}: ${country}: no errors, ${warnings.length} warnings; have it reviewed.\n`)
    }
  }
  return results.every(({ errors }) => errors.length === 0) ? 0 : 2
}

const lineOf = (file: string, kind: string, { path, message }: Finding) =>
  `${file}: ${kind}: ${path}: ${message}`

function lintFile(file: string, today: Temporal.PlainDate): Linted {
  const read = readJson(file)
  if ('problem' in read) {
    const path = 'the file'
    return { country: null, errors: [{ path, message: read.problem }], warnings: [] }
  }
  return lint(read.document, today)
}

export function readJson(file: string): { document: unknown } | { problem: string } {
  let bytes: Buffer
  try {
    const { size } = statSync(file)
    if (size > bytesMax) return { problem: `is larger than ${bytesMax} bytes` }
    bytes = readFileSync(file)
  } catch (error) {
    return { problem: `can’t be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}` }
  }
  try {
    return { document: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch (error) {
    return { problem: `is no JSON in UTF-8: ${(error as Error).message}` }
  }
}
