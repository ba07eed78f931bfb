/** Which errors a fault explains, and which are bugs. */
import { Fault } from '../../src/values/fault.ts'

const ended = /Connection terminated|terminating connection|is not queryable/

export function isExplained(error: unknown): boolean {
  if (error instanceof Fault) return true
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return code === '57P01' || ended.test(error.message)
}

/** An error in one line, with where it came from. */
export function codeOfError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [, at = ''] =
    /\n\s+at [^\n]*?((?:src|simulators|test)\/[^\n)]*)/.exec(error.stack ?? '') ?? []
  return `${error.message.split('\n')[0]} (${at})`
}
