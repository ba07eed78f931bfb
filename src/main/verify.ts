/** `violet verify`: tells anybody, offline, whether a certificate is genuine and what it says. */
import { readFile, stat } from 'node:fs/promises'
import type { ClosureAddendum } from '../closure/addendum.ts'
import type { ClosureCertificate } from '../closure/certificate.ts'
import type { RetentionReceipt } from '../closure/receipt.ts'
import {
  checkCertificate,
  claimedIssuer,
  problemsWithoutKeys,
  type Problem,
  type Verdict,
} from './verify-checks.ts'
import { openCertificateFile } from './verify-file.ts'
import { type KeysAt, NoKeys, readKeys } from './verify-keys.ts'

export type VerifyOptions = { keys?: string | undefined; json?: boolean }

const bytesMax = 20_000_000

/** The exit code: 0 valid, 1 not valid, 2 when it could not be found out. */
export async function verifyCommand(
  path: string,
  { keys, json = false }: VerifyOptions,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  const bytes = await readBytes(path)
  if (typeof bytes === 'string') return unanswered(`${path} ${bytes}.`, json, write)
  const opened = openCertificateFile(bytes)
  if ('problem' in opened) {
    const problems: Problem[] = [{ check: 'file', problem: opened.problem }]
    const checked = ['file'] as const
    return answer(
      { valid: false, checked, problems, keyId: undefined, certificate: undefined, addenda: [] },
      path,
      undefined,
      json,
      write,
    )
  }
  try {
    const at = await readKeys(keys, claimedIssuer(opened.found))
    return answer(await checkCertificate(opened.found, at.keys), path, at, json, write)
  } catch (error) {
    if (!(error instanceof NoKeys)) throw error
    // No key makes a file valid that contradicts itself, so that is said first.
    const problems = problemsWithoutKeys(opened.found)
    if (problems.length === 0) return unanswered(error.message, json, write)
    const checked = ['file', 'schema', 'arithmetic'] as const
    return answer(
      { valid: false, checked, problems, keyId: undefined, certificate: undefined, addenda: [] },
      path,
      undefined,
      json,
      write,
    )
  }
}

async function readBytes(path: string): Promise<Uint8Array | string> {
  try {
    const { size } = await stat(path)
    if (size > bytesMax) return 'is too large to be a certificate'
    return await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'does not exist'
    return code === 'EISDIR' ? 'is a folder' : `can't be read (${code})`
  }
}

function unanswered(sentence: string, json: boolean, write: (text: string) => void): number {
  write(
    json
      ? `${JSON.stringify({ valid: null, error: sentence })}\n`
      : `Not checked: ${plain(sentence)}\n`,
  )
  return 2
}

// Names come from the file, and what steers a terminal must not come with them.
const plain = (text: string): string => text.replaceAll(/\p{C}/gu, '\ufffd')

function answer(
  verdict: Verdict,
  path: string,
  at: KeysAt | undefined,
  json: boolean,
  write: (text: string) => void,
): number {
  const { valid, checked, problems, certificate, receipt, keyId, addenda } = verdict
  if (json) {
    const facts = {
      valid,
      file: path,
      reference: (certificate ?? receipt)?.reference ?? null,
      issuer: (certificate ?? receipt)?.issuer.name ?? null,
      keyId: keyId ?? null,
      keysFrom: at?.from ?? null,
      checked,
      addenda: addenda.map(({ iccidMasked, confirmedAt }) => ({ iccidMasked, confirmedAt })),
      problems,
    }
    write(`${JSON.stringify(facts)}\n`)
  } else if (valid && certificate) {
    write(`${summary(certificate, addenda, keyId, at).map(plain).join('\n')}\n`)
  } else if (valid && receipt) {
    write(`${receiptSummary(receipt, keyId, at).map(plain).join('\n')}\n`)
  } else {
    const lines = problems.map(
      ({ check, field, problem }) => `  ${check}${field ? ` ${field}` : ''}: ${problem}`,
    )
    write(`Not valid: ${path}\n${lines.map(plain).join('\n')}\n`)
  }
  return valid ? 0 : 1
}

function receiptSummary(receipt: RetentionReceipt, keyId = '', at?: KeysAt): string[] {
  const { reference, issuer, kept, erased } = receipt
  const row = (label: string, text: string) => `  ${label.padEnd(15)} ${text}`
  return [
    `Valid: ${reference}, what ${issuer.name} keeps after the closure.`,
    ...kept.map(({ field, basis, until }) => row('kept', `${field} until ${until} (${basis})`)),
    ...erased.map(({ field, at: day }) => row('erased', `${field} at ${day}`)),
    row('signed with', `${keyId}, published at ${at?.from ?? ''}`),
  ]
}

function summary(
  certificate: ClosureCertificate,
  addenda: readonly ClosureAddendum[],
  keyId = '',
  at?: KeysAt,
): string[] {
  const { reference, scope, issuer, money, lines, kept } = certificate
  const ended = scope === 'line' ? 'a line' : 'an account'
  const row = (label: string, text: string) => `  ${label.padEnd(15)} ${text}`
  return [
    `Valid: ${reference}, ${ended} closed for good at ${issuer.name}.`,
    row('asked for', certificate.submittedAt),
    row('service ended', certificate.serviceEndedAt),
    row('settled', certificate.settledAt),
    ...lines.map((line) =>
      row('line', `${line.numberMasked ?? line.name}, profile removal ${line.profileRemoval}`),
    ),
    ...addenda.map(({ iccidMasked, confirmedAt }) =>
      row('added', `profile ${iccidMasked} was deleted, confirmed by the phone at ${confirmedAt}`),
    ),
    ...money.map(({ currency, total, leftOver }) =>
      row(currency, `${total} on it, ${total} accounted for, ${leftOver} left over`),
    ),
    ...kept.map(({ category, basis, until }) =>
      row('still kept', `${category} until ${until} (${basis})`),
    ),
    row('signed with', `${keyId}, published at ${at?.from ?? ''}`),
  ]
}
