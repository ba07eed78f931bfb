/** Promotional credit for the lines of a file: all or none, once under a campaign's name, and forfeited as what it is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { run } from '../src/main/cli.ts'
import { type GrantFlags, grantsGiveCommand, readGrantFile } from '../src/main/grants.ts'
import { CannotStart } from '../src/platform/process.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, submit, untilState } from './way.ts'

let platform: TestPlatform
const folder = mkdtempSync(join(tmpdir(), 'grants-'))
const path = join(folder, 'grants.csv')
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(async () => {
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

async function give(text: string, more: Partial<GrantFlags> = {}) {
  writeFileSync(path, text)
  const flags: GrantFlags = { campaign: 'spring-2027', note: 'spring', json: true, ...more }
  let said = ''
  const file = readGrantFile(path, flags)
  const code = await grantsGiveCommand(platform.config.databaseUrl, path, file, flags, (part) => {
    said += part
  })
  return { code, ...(JSON.parse(said) as { given: number; known: number; bad: number }) }
}

async function owner() {
  const someone = await member(platform)
  const { lineId, line } = await buyLine(someone)
  const promotional = async () =>
    (await someone.get(`/v1/lines/${lineId}`)).body.promotionalCredit.amount as string
  return { someone, lineId, msisdn: line.msisdn as string, promotional }
}

test('each line gets its amount once under a name, by its id or its number, and it is on the statement', async () => {
  const [one, two] = [await owner(), await owner()]
  const rows = (a: string, b: string) => `${one.lineId},${a},GBP\r\n${two.lineId},${b},GBP\r\n`
  const text = `lineId,amount,currency\r\n${rows('3.00', '4.50')}`
  expect(await give(text)).toMatchObject({ code: 0, given: 2, known: 0 })
  const twice = await Promise.all([give(text), give(text)])
  expect(twice).toMatchObject([
    { code: 0, given: 0, known: 2 },
    { code: 0, given: 0, known: 2 },
  ])
  expect([await one.promotional(), await two.promotional()]).toEqual(['3.00', '4.50'])
  const byNumber = `msisdn,currency,amount\n${one.msisdn},GBP,1.00\n`
  expect(await give(byNumber, { campaign: 'sorry-1' })).toMatchObject({ given: 1 })
  expect(await one.promotional()).toBe('4.00')
  const { body: statement } = await one.someone.get('/v1/statement')
  expect(statement.items.filter(({ kind }: { kind: string }) => kind === 'promotion')).toHaveLength(
    2,
  )
  const audited = await platform.db
    .selectFrom('audit_entry')
    .select('detail')
    .where('action', '=', 'promotion.granted')
    .where('subject_id', '=', one.lineId)
    .execute()
  expect(audited).toHaveLength(2)

  const draft = await draftClosure(one.someone, 'line', one.lineId)
  expect((await submit(one.someone, draft)).status).toBe(202)
  const closed = await untilState(one.someone, draft.caseId, 'closed')
  const forfeited = closed.finalStatement[0].destinations.filter(
    ({ kind }: { kind: string }) => kind === 'promotion-forfeited',
  )
  expect(forfeited).toMatchObject([{ amount: { amount: '4.00' } }])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
  const late = await give(text, { campaign: 'late-1' })
  expect(late).toMatchObject({ code: 1, given: 0, bad: 1 })
  expect(await two.promotional()).toBe('4.50')
}, 60_000)

test('one bad row and nobody gets anything; each is named with its line and reason', async () => {
  const { lineId, promotional } = await owner()
  const head = 'lineId,amount,currency'
  const bad: [string, string][] = [
    [`${lineId},-1.00,GBP`, 'amount'],
    [`${lineId},1.001,GBP`, 'amount'],
    [`${lineId},1.00,XXX`, 'amount'],
    [',1.00,GBP', 'unreadable'],
    ['line_nobody,1.00,GBP', 'unknown'],
    [`${lineId},1.00,EUR`, 'wrong-currency'],
  ]
  for (const [row, reason] of bad) {
    expect(await give(`${head}\n${row}\n`), row).toMatchObject({ code: 1, given: 0, bad: 1 })
    expect(readFileSync(`${path}.rejects.csv`, 'utf8')).toContain(`2,${reason},`)
  }
  expect(await give(`${head}\n${lineId},1.00,GBP\n${lineId},1.00,GBP\n`)).toMatchObject({ bad: 1 })
  expect(await give(`${head}\n${lineId},1.00,GBP\nline_nobody,1.00,GBP\n`)).toMatchObject({
    bad: 1,
  })
  expect(await promotional()).toBe('0.00')
  writeFileSync(path, 'name\nx\n')
  expect(await run(['grants', 'give', path])).toBe(2)
  await expect(run(['grants', 'give', path, '--campaign', 'spring-2027'])).rejects.toThrow(
    CannotStart,
  )
  await expect(run(['grants', 'give', path, '--campaign', 'A b'])).rejects.toThrow(CannotStart)
  await expect(
    run(['grants', 'give', `${path}.none`, '--campaign', 'spring-2027']),
  ).rejects.toThrow(CannotStart)
}, 60_000)
