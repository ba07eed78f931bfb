/** After the end: the phone confirms that the profile is gone, and the certificate of its line says so from then on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { verifyCommand } from '../src/main/verify.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
let folder: string
beforeAll(async () => {
  platform = await testPlatform()
  folder = mkdtempSync(join(tmpdir(), 'violet-addendum-'))
})
afterAll(async () => {
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

type Mail = { subject: string; attachments: { name: string }[] }
const mailsTo = async (to: string): Promise<Mail[]> => {
  const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  return ((await asked.json()) as { items: Mail[] }).items
}
const isAddendum = ({ subject }: Mail) => subject.startsWith('The eSIM is off your phone')

async function verified(file: object) {
  const path = join(folder, 'certificate.json')
  writeFileSync(path, JSON.stringify(file, null, 2))
  let text = ''
  const keys = `${platform.url}/.well-known/closure-keys.json`
  await verifyCommand(path, { keys, json: true }, (more) => (text += more))
  return JSON.parse(text) as { valid: boolean; addenda: { iccidMasked: string }[] }
}

test('a deletion on the phone after a closure is signed, mailed and verifiable, once', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const { phone } = await install(platform, lin, lineId)
  const draft = await draftClosure(lin, 'line', lineId)
  await submit(lin, draft)
  await untilState(lin, draft.caseId, 'closed')
  const download = async () => (await lin.get(`/v1/closures/${draft.caseId}/certificate.json`)).body
  const before = await download()
  expect(before.certificate.lines[0].profileRemoval).toBe('unconfirmed')
  expect(before).not.toHaveProperty('addenda')

  const deleted = await fetch(`${platform.urls.phone}/phones/${phone}/delete`, { method: 'POST' })
  expect(deleted.status).toBe(200)
  const after = await until(download, ({ addenda }) => addenda !== undefined, 20_000)
  expect({ ...after, addenda: undefined }).toEqual({ ...before, addenda: undefined })
  const { iccidMasked } = before.certificate.lines[0]
  expect(await verified(after)).toMatchObject({ valid: true, addenda: [{ iccidMasked }] })
  const changed = structuredClone(after)
  changed.addenda[0].addendum.confirmedAt = '2020-01-01T00:00:00Z'
  expect(await verified(changed)).toMatchObject({ valid: false })

  const [mail] = (
    await until(
      () => mailsTo(lin.email),
      (all) => all.some(isAddendum),
    )
  ).filter(isAddendum)
  expect(mail?.attachments.map(({ name }) => name)).toEqual([
    `violet-closure-${draft.reference}.pdf`,
    `violet-closure-${draft.reference}.json`,
  ])
  expect((await download()).addenda).toHaveLength(1)
  expect((await mailsTo(lin.email)).filter(isAddendum)).toHaveLength(1)
}, 60_000)
