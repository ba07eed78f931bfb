import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLog, redact, scrub } from './log.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'violet-log-'))
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(dataDir, { recursive: true, force: true })
})

const opened = () => ({
  log: openLog({ dataDir, logLevel: 'info' }, 'server'),
  file: () => readFileSync(join(dataDir, 'logs/server.log'), 'utf8'),
})

test('personal fields are taken out at any depth, harmless ones stay', () => {
  const fields = {
    caseId: 'case_1',
    code: 'quote-changed',
    subscriber: { email: 'ada@example.com', lines: [{ msisdn: '+447700900123', state: 'active' }] },
    phone_number: '+447700900123',
    note: 'asked by ada@example.com from +447700900123',
  }
  expect(redact(fields)).toEqual({
    caseId: 'case_1',
    code: 'quote-changed',
    subscriber: { email: '[redacted]', lines: [{ msisdn: '[redacted]', state: 'active' }] },
    phone_number: '[redacted]',
    note: 'asked by [redacted] from [redacted]',
  })
  expect(redact({ code: '123456' })).toEqual({ code: '[redacted]' })
})

test('the password of a database address is taken out', () => {
  expect(scrub('to postgres://violet:hunter2@db:5432/violet')).not.toContain('hunter2')
})

test('keys, activation codes and links that open something are taken out, and whatever lies too deep to be looked at', () => {
  const { log, file } = opened()
  const code = 'LPA:1$rsp.example$AAAQEAYEAUDAOCAJBIFQYDIOB4'
  const token = `case_${'0'.repeat(32)}.${'a'.repeat(43)}`
  const deep = { a: { b: { c: { d: { e: { f: { g: { h: 'deep secret' } } } } } } } }
  log.info({ opc: 'c0ffee', puk: '12345678', confirmationCode: '4711', deep }, `sent ${code}`)
  log.info({ href: `https://esimsetup.example/x?carddata=${encodeURIComponent(code)}` }, 'shown')
  log.info({ req: { id: 'r1', method: 'GET', url: `/freeze/${token}?from=mail` } }, 'asked')
  expect(file()).not.toMatch(/c0ffee|12345678|4711|deep secret|AAAQEAY|aaaa|from=mail/)
  expect(file()).toContain('/freeze/[redacted]')
})

test('nothing personal reaches the file or stderr, whichever way it is logged', () => {
  const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const { log, file: written } = opened()
  const rejected = Object.assign(new Error('duplicate ada@example.com'), {
    detail: 'Key (email)=(ada@example.com) already exists.',
    code: '23505',
  })
  log.info({ email: 'ada@example.com', path: '/v1/lines' }, 'asked by ada@example.com')
  log.error({ err: rejected }, 'could not register %s', 'ada@example.com')
  const file = written()
  expect(file).toContain('/v1/lines')
  expect(file).toContain('23505')
  expect(file).not.toContain('ada@')
  const terminal = printed.mock.calls.map(([text]) => String(text))
  expect(terminal).toEqual(['server error: could not register [redacted]: duplicate [redacted]\n'])
})
