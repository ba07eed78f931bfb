import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { imsiOf, seedLines } from '../../bench/charging/world.ts'
import { buy, install, openShop, type Shop, shopper } from '../../test/shop.ts'
import { proveLedger } from '../ledger/store.ts'
import { closeLines } from '../lines/closing-store.ts'
import { type Imported, importUsage, type ImportOptions } from './import-steps.ts'
import { defaultMapping, mappingSchema } from './mapping.ts'
import { rejectPage } from './reject-store.ts'
import { replayReject, takeIn } from './store.ts'

let shop: Shop
let folder: string
beforeAll(async () => {
  shop = await openShop()
  folder = mkdtempSync(join(tmpdir(), 'violet-import-'))
})
afterAll(async () => {
  await shop.close()
  rmSync(folder, { recursive: true })
})

async function traveller() {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone, 'japan-3gb-7d')
  const { imsi } = await install(shop, someone, lineId)
  return { subscriberId: someone.subscriberId as string, lineId: lineId as string, imsi }
}

const header = 'id,imsi,kind,quantity,started_at,ended_at,mcc,mnc'
let made = 0

/** One record a second from now on, so that none overlaps another. */
function row(imsi: string, more: Partial<Record<string, string | number>> = {}) {
  const at = shop.app.clock.now().add({ milliseconds: 10 * made++ })
  const fields: Record<string, string | number> = {
    id: `use_${randomUUID()}`,
    imsi,
    kind: 'data',
    quantity: 1000,
    started_at: at.toString({ smallestUnit: 'millisecond' }),
    ended_at: at.add({ milliseconds: 5 }).toString({ smallestUnit: 'millisecond' }),
    mcc: '440',
    mnc: '10',
    ...more,
  }
  return header
    .split(',')
    .map((name) => fields[name])
    .join(',')
}

function file(content: string | Buffer): string {
  const path = join(folder, `${randomUUID()}.csv`)
  writeFileSync(path, content)
  return path
}

const text = (...rows: string[]) => `${[header, ...rows].join('\n')}\n`

async function take(path: string, options: Partial<ImportOptions> = {}) {
  const rejectsFile = `${path}.rejects.csv`
  const given = { mapping: defaultMapping, rejectsFile, ...options }
  return (await importUsage(shop.app, path, given)) as Imported
}

async function remaining(subscriberId: string) {
  const { rows } = await sql<{ remaining: bigint }>`
    select remaining from bucket where subscriber_id = ${subscriberId}`.execute(shop.app.db)
  return 3_000_000_000n - rows[0]!.remaining
}

test('a file is charged once, however often and in whatever pieces it is taken in', async () => {
  const [one, two] = [await traveller(), await traveller()]
  const rows = Array.from({ length: 60 }, (_, n) => row(n % 2 ? one.imsi : two.imsi))
  const path = file(text(...rows))
  const first = await take(path, { windowBytes: 2000, recordsPerBatch: 3 })
  expect(first).toMatchObject({ charged: 60, repeated: 0, rejected: 0, rejectsFile: null })
  expect(await take(path)).toMatchObject({ charged: 0, repeated: 60, rejected: 0 })
  // Another file with some of the same, and the webhook too.
  const other = file(text(...rows.slice(10, 20), row(one.imsi)))
  expect(await take(other)).toMatchObject({ charged: 1, repeated: 10 })
  expect([await remaining(one.subscriberId), await remaining(two.subscriberId)]).toEqual([
    31_000n,
    30_000n,
  ])
})

test('a run that goes on cuts the file where the one before did, whatever it would cut by itself', async () => {
  const sims = await Promise.all(Array.from({ length: 4 }, traveller))
  const path = file(text(...Array.from({ length: 40 }, (_, n) => row(sims[n % 4]!.imsi))))
  const batches = { recordsPerBatch: 10, batchesAtOnce: 1 }
  const stop = (at: { charged: number }) => {
    if (at.charged >= 20) throw new Error('stopped')
  }
  await expect(take(path, { ...batches, onProgress: stop })).rejects.toThrow('stopped')
  const second = await take(path, { recordsPerBatch: 25, windowBytes: 1000 })
  expect(second).toMatchObject({ charged: 40, repeated: 0, resumed: true })
  for (const { subscriberId } of sims) expect(await remaining(subscriberId)).toBe(10_000n)
})

test('many lines are read and written together, and whoever comes second decides again', async () => {
  await seedLines({ url: shop.app.config.databaseUrl }, 900_000, 120)
  const rows = () =>
    Array.from({ length: 240 }, (_, n) =>
      row(imsiOf(900_000 + (n % 120)), n < 120 ? {} : { kind: 'sms', quantity: 1 }),
    )
  const both = await Promise.all([take(file(text(...rows()))), take(file(text(...rows())))])
  expect(both.map(({ charged }) => charged)).toEqual([240, 240])
  const { rows: found } = await sql`
    select count(*)::int as lines, granted[1] - remaining[1] as used, spent_minor, 500 - promotional_minor as paid
    from purse join line_index using (subscriber_id, line_id) where imsi between ${imsiOf(900_000)} and ${imsiOf(900_119)}
    group by 2, 3, 4`.execute(shop.app.db)
  expect(found).toEqual([{ lines: 120, used: 2000n, spent_minor: 30n, paid: 30n }])
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})

test('every fault has its reason, its line number and its original in the rejects file', async () => {
  const { imsi, subscriberId } = await traveller()
  const good = row(imsi)
  const [id, , , , started] = good.split(',')
  const within = (ms: number) =>
    Temporal.Instant.from(started!).add({ milliseconds: ms }).toString()
  const later = shop.app.clock.now().add({ hours: 1 }).toString()
  const before = shop.app.clock.now().subtract({ hours: 1 }).toString()
  const rows = [
    good,
    row(imsi, { quantity: -5 }),
    row(imsi, { quantity: '2000000000000' }),
    row(imsi, { mcc: '999' }),
    row('234990000099999'),
    row(imsi, { started_at: later, ended_at: later }),
    row(imsi, { started_at: before, ended_at: before }),
    row(imsi, { started_at: within(2), ended_at: within(7) }),
    row(imsi, { id: id!, quantity: 1001 }),
    `${randomUUID()},${imsi},data`,
    '"an open quote',
    '',
    row(imsi, { kind: 'fax' }),
    good,
  ]
  const path = file(text(...rows))
  const outcome = await take(path)
  expect(outcome).toMatchObject({ charged: 1, repeated: 1, rejected: 11 })
  const lines = readFileSync(outcome.rejectsFile!, 'utf8').trim().split('\n').slice(1)
  expect(lines.map((line) => line.split(',').slice(0, 2))).toEqual([
    ['3', 'invalid'],
    ['4', 'absurd'],
    ['5', 'unknown-network'],
    ['6', 'unknown-imsi'],
    ['7', 'from-the-future'],
    ['8', 'before-activation'],
    ['9', 'overlaps'],
    ['10', 'differs'],
    ['11', 'missing-column'],
    ['12', 'invalid'],
    ['14', 'invalid'],
  ])
  expect(lines[0]).toBe(`3,invalid,"${rows[1]}"`)
  expect(lines[9]).toBe('12,invalid,"""an open quote"')
  // Again: nothing is counted twice, neither charges nor rejects.
  expect(await take(path)).toMatchObject({ charged: 0, repeated: 2, rejected: 11 })
  const kept = await rejectPage(shop.app.db, { state: 'open', limit: 100 })
  expect(kept.items.filter(({ importId }) => importId === outcome.importId)).toHaveLength(11)
  expect(await remaining(subscriberId)).toBe(1000n)
})

test('a reject is taken in after the fix, once', async () => {
  const someone = await traveller()
  const path = file(text(row('234990000088888', { id: 'replayed' })))
  await take(path)
  const { items } = await rejectPage(shop.app.db, { state: 'open', limit: 1 })
  const { rejectId } = items[0]!
  expect(await replayReject(shop.app, rejectId)).toEqual({
    outcome: 'rejected',
    reason: 'unknown-imsi',
  })
  // The fix: the SIM is known after all.
  const moved = { imsi: '234990000088888', line_id: `${someone.lineId}` }
  await sql`update line_index set imsi = ${moved.imsi} where line_id = ${moved.line_id}`.execute(
    shop.app.db,
  )
  expect(await replayReject(shop.app, rejectId)).toEqual({ outcome: 'replayed' })
  expect(await replayReject(shop.app, rejectId)).toEqual({
    refused: 'changed-meanwhile',
    facts: {},
  })
  expect(await remaining(someone.subscriberId)).toBe(1000n)
})

test('a late record of a closed line is absorbed and reopens nothing', async () => {
  const { imsi, subscriberId, lineId } = await traveller()
  await shop.app.db
    .transaction()
    .execute((trx) =>
      closeLines(trx, shop.app.clock.now(), [{ subscriberId, lineId, cause: 'closure' }]),
    )
  const path = file(text(row(imsi, { quantity: 2_000_001 })))
  expect(await take(path)).toMatchObject({ charged: 1, rejected: 0 })
  const found = await shop.app.db
    .selectFrom('usage_record')
    .select(['outcome', 'absorbed_minor'])
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirstOrThrow()
  expect(found).toEqual({ outcome: 'absorbed', absorbed_minor: 9n })
  expect(await remaining(subscriberId)).toBe(0n)
})

test('a file that ends in the middle: the last line is held back, and counts once the file is whole', async () => {
  const { imsi, subscriberId } = await traveller()
  const whole = text(row(imsi), row(imsi), row(imsi))
  const cut = file(whole.slice(0, -1))
  expect(await take(cut)).toMatchObject({ charged: 2, rejected: 1 })
  expect(readFileSync(`${cut}.rejects.csv`, 'utf8')).toContain('4,cut-off,')
  expect(await take(file(whole))).toMatchObject({ charged: 1, repeated: 2, rejected: 0 })
  expect(await remaining(subscriberId)).toBe(3000n)
})

const wide = (content: string) =>
  Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content, 'utf16le')])

test.each([
  ['UTF-8 with a byte order mark', {}, (content: string) => Buffer.from(`\ufeff${content}`)],
  ['UTF-16LE', {}, wide],
  ['UTF-16BE', {}, (content: string) => wide(content).swap16()],
  ['Latin-1', { encoding: 'latin1' }, (content: string) => Buffer.from(content, 'latin1')],
  [
    'GBK, with Windows line ends',
    { encoding: 'gbk' },
    // 流量 in GBK is C1 F7 C1 BF.
    (content: string) =>
      Buffer.from(
        content.replaceAll('été', '\u00c1\u00f7\u00c1\u00bf').replaceAll('\n', '\r\n'),
        'latin1',
      ),
  ],
])('files in other encodings: %s', async (_, given, encode) => {
  const { imsi, subscriberId } = await traveller()
  const rows = [1, 2, 3].map(() => row(imsi, { kind: 'été' }))
  const mapping = mappingSchema.parse({ ...given, kinds: { été: 'data', 流量: 'data' } })
  const path = file(encode(text(...rows)))
  expect(await take(path, { mapping, windowBytes: 300 })).toMatchObject({ charged: 3, rejected: 0 })
  expect(await remaining(subscriberId)).toBe(3000n)
})

test('bytes that are no text spoil their own line only', async () => {
  const { imsi } = await traveller()
  const bad = Buffer.from(`${row(imsi)}\n`, 'latin1')
  bad[2] = 0xff
  const path = file(
    Buffer.concat([Buffer.from(text(row(imsi))), bad, Buffer.from(`${row(imsi)}\n`)]),
  )
  expect(await take(path)).toMatchObject({ charged: 2, rejected: 1 })
  expect(readFileSync(`${path}.rejects.csv`, 'utf8')).toContain('3,bad-encoding,')
})

test('a line without an end is one reject, in constant memory', async () => {
  const { imsi } = await traveller()
  const long = 'x'.repeat(300_000)
  const path = file(text(row(imsi), long, row(imsi)))
  expect(await take(path, { windowBytes: 4000 })).toMatchObject({ charged: 2, rejected: 1 })
})

test('a header without a column refuses the file and changes nothing', async () => {
  const path = file('id,imsi,kind,quantity,started_at\n')
  expect(await take(path)).toEqual({
    refused: 'missing-columns',
    names: ['ended_at', 'mcc', 'mnc'],
  })
  expect(await take(file(''))).toEqual({ refused: 'empty', names: [] })
})

test('a mapping of one’s own: names, units, times, duration, network in one column, no ids', async () => {
  const { imsi, subscriberId } = await traveller()
  const mapping = mappingSchema.parse({
    delimiter: ';',
    columns: {
      id: null,
      imsi: 'SIM',
      kind: 'Service',
      quantity: 'kB',
      startedAt: 'Start',
      durationSeconds: 'Duration',
      network: 'PLMN',
    },
    kinds: { GPRS: 'data' },
    units: { data: '1024' },
    time: 'epoch-seconds',
  })
  const at = Math.ceil(shop.app.clock.now().epochMilliseconds / 1000)
  const lines = [
    'Service;SIM;PLMN;Start;Duration;kB',
    `GPRS;${imsi};440-10;${at};30;3`,
    `"GPRS";${imsi};44010;${at + 60};30;5`,
  ]
  const path = file(`${lines.join('\n')}\n`)
  expect(await take(path, { mapping })).toMatchObject({ charged: 2, rejected: 0 })
  expect(await take(file(`${lines.join('\n')}\n\n`), { mapping })).toMatchObject({ repeated: 2 })
  expect(await remaining(subscriberId)).toBe(8n * 1024n)
})

test('a webhook in the middle of an import and many imports at once still charge once', async () => {
  const { imsi, subscriberId } = await traveller()
  const rows = Array.from({ length: 40 }, () => row(imsi))
  const [a, b] = [file(text(...rows)), file(text(...rows.toReversed()))]
  const given = rows.slice(0, 5).map((line) => {
    const [id, sim, kind, quantity, startedAt, endedAt, mcc, mnc] = line.split(',')
    return { id, imsi: sim, kind, quantity, startedAt, endedAt, mcc, mnc }
  })
  const options = { recordsPerBatch: 4, windowBytes: 3000 }
  const [first, second, answer] = await Promise.all([
    take(a, options),
    take(b, options),
    takeIn(shop.app, given),
  ])
  expect(answer.rejected).toEqual([])
  expect(first.rejected + second.rejected).toBe(0)
  expect(await remaining(subscriberId)).toBe(40_000n)
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})
