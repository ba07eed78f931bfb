/** Complete SGP.22 downloads, server side: four ES9+ calls each, against the bare cryptography they cannot do without. */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  type Chip,
  downloadProfile,
  type Es9,
  sendNotifications,
} from '../simulators/phone/assistant.ts'
import { openMaker } from '../simulators/phone/chip.ts'
import { iccidOf, imsiOf, matchingIdOf } from '../src/esim/iccid.ts'
import { ecka, keyPairOf, publicKeyOf, sign, signingKey, verify } from '../src/esim/sgp22/curves.ts'
import { type EuiccState, newEuiccState } from '../src/esim/sgp22/euicc.ts'
import { eidOf } from '../src/esim/sgp22/identifiers.ts'
import { startCluster } from '../src/platform/cluster.ts'
import { migrate } from '../src/platform/migrate.ts'
import { type Bench, median, type Options } from './contract.ts'

const atOnce = 8
const smdpAddress = 'localhost:4400'

type World = {
  address: string
  cpuMs(): Promise<number>
  dataDir: string
  sell(from: number, count: number): Promise<string[]>
  close(): Promise<void>
}

async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'violet-bench-'))
  const postgres = join(folder, 'postgres')
  const cluster = await startCluster({ folder: postgres, port: 0, logFile: join(folder, 'log') })
  const url = cluster.url()
  await migrate(url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set session_replication_role = replica')
  const child = fork(join(import.meta.dirname, 'download/server.ts'), [url, folder])
  child.setMaxListeners(0)
  const { address } = await said<{ address: string }>(child)
  return {
    address,
    dataDir: folder,
    async cpuMs() {
      child.send('cpu')
      const node = await said<{ cpuMs: number }>(child)
      return node.cpuMs + postgresCpuMs(postgres)
    },
    sell: (from, count) => sell(client, from, count),
    async close() {
      child.disconnect()
      await client.end()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const said = <Message>(child: ChildProcess) =>
  new Promise<Message>((done, fail) => {
    child.once('message', (message) => done(message as Message))
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}`)))
  })

/** The postmaster and all it started, in 10 ms ticks; 0 where there is no /proc. */
function postgresCpuMs(folder: string): number {
  const pidFile = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('postmaster.pid'),
  )
  const postmaster = pidFile && readFileSync(join(folder, pidFile), 'utf8').split('\n')[0]
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      const [, parent, ...rest] = fields
      if (pid !== postmaster && parent !== postmaster) continue
      // utime, stime, and those of children that have ended.
      for (const at of [9, 10, 11, 12]) ticks += Number(rest[at])
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks * 10
}

/** Profiles ready for download, one line and subscriber each. */
async function sell(client: pg.Client, from: number, count: number): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, index) => {
    const n = BigInt(from + index + 1)
    return {
      owner: `sub_${n}`,
      line: `line_${n.toString(16).padStart(32, '0')}`,
      iccid: iccidOf(n),
      imsi: imsiOf(n),
      matchingId: matchingIdOf(randomBytes(16)),
    }
  })
  const column = (name: keyof (typeof rows)[0]) => rows.map((row) => row[name])
  const all = [
    column('owner'),
    column('line'),
    column('iccid'),
    column('imsi'),
    column('matchingId'),
  ]
  const input =
    'unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as t (o, l, i, m, c)'
  await client.query(
    `with lines as (
       insert into line (subscriber_id, line_id, nickname, state, plan_id, plan_version, currency, imsi, iccid, ordered_at)
       select o, l, 'Everyday', 'ordered', 'plan', 1, 'GBP', m, i, now() from ${input}),
     stock as (
       insert into profile_stock (iccid, imsi, profile_type, owner, state, taken, matching_id, seal_about)
       select i, m, 'violet-test-usim', '2.999.20', 'released', true, c, i from ${input}),
     profiles as (
       insert into profile (subscriber_id, iccid, line_id, imsi, matching_id, state, released_at)
       select o, i, l, m, c, 'released', now() from ${input})
     insert into profile_index (iccid, subscriber_id, line_id) select i, o, l from ${input}`,
    all,
  )
  return rows.map(({ matchingId }) => matchingId)
}

/** A new phone for every download, so that no download is helped by an earlier one. */
function newChip(maker: ReturnType<typeof openMaker>, n: number): Chip {
  let state: EuiccState = newEuiccState
  const digits = createHash('sha256').update(String(n)).digest().readUIntBE(0, 6)
  const euicc = maker(eidOf(`89049032${String(digits).padStart(22, '0')}`))
  return { euicc, state: () => state, keep: (next) => (state = next) }
}

async function downloadAll(world: World, chips: Chip[], matchingIds: string[]): Promise<void> {
  const es9: Es9 = async (_address, name, body) => {
    const response = await fetch(`${world.address}/gsma/rsp2/es9plus/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) }
  }
  let next = 0
  const one = async () => {
    for (let at = next++; at < chips.length; at = next++) {
      const [chip, matchingId = ''] = [chips[at]!, matchingIds[at]]
      const done = await downloadProfile(es9, chip, { smdpAddress, matchingId })
      if (done.kind !== 'installed') throw new Error(`a download ended as ${JSON.stringify(done)}`)
      if ((await sendNotifications(es9, chip)) !== 1) throw new Error('a result was not taken')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}

/** What no SM-DP+ can leave out: 3 signatures, 6 verifications, a key pair and its agreement. CPU ms each. */
function bareCryptoMs(rounds: number): number {
  const pair = keyPairOf('prime256v1', randomBytes(48))
  const key = signingKey(pair)
  const publicKey = publicKeyOf('prime256v1', pair.point)
  if (!publicKey) throw new Error('a pair has a point')
  const message = randomBytes(500)
  const signature = sign(key, message)
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < 3; n++) sign(key, message)
    for (let n = 0; n < 6; n++) verify(publicKey, signature, message)
    ecka(keyPairOf('prime256v1', randomBytes(48)), pair.point)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / rounds
}

async function measure({ rows = 500, rounds, progress }: Options) {
  progress(0, 'a database, a server, a CI')
  const world = await openWorld()
  const maker = openMaker(() => join(world.dataDir, 'rsp'))
  const measured = { cpuMs: [] as number[], perSecond: [] as number[], bareMs: [] as number[] }
  try {
    // The first round warms caches and code up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      progress(round / (rounds + 1), `${rows} downloads`)
      const matchingIds = await world.sell(round * rows, rows)
      const chips = matchingIds.map((_, index) => newChip(maker, round * rows + index))
      const cpuBefore = await world.cpuMs()
      const began = performance.now()
      await downloadAll(world, chips, matchingIds)
      const seconds = (performance.now() - began) / 1000
      const cpuMs = ((await world.cpuMs()) - cpuBefore) / rows
      const bareMs = bareCryptoMs(500)
      if (round === 0) continue
      measured.cpuMs.push(cpuMs)
      measured.perSecond.push(rows / seconds)
      measured.bareMs.push(bareMs)
    }
  } finally {
    await world.close()
  }
  return measured
}

export const bench: Bench = {
  name: 'download',
  summary:
    'complete SGP.22 downloads: CPU of server and database each, four calls on kept connections',
  async run(options) {
    const { cpuMs, perSecond, bareMs } = await measure(options)
    const overBare = median(cpuMs.map((ms, round) => ms / bareMs[round]!))
    const figures = {
      cpuMsPerDownload: median(cpuMs),
      bareCryptoMs: median(bareMs),
      downloadsPerSecond: median(perSecond),
    }
    return {
      figures,
      ratios: { cpuMsPerDownload: figures.cpuMsPerDownload, overBareCrypto: overBare },
      marks: [{ ratio: 'cpuMsPerDownload', atMost: 8 }],
      table: [
        ['', 'ms CPU', 'of bare'],
        [
          'one download, server and database',
          figures.cpuMsPerDownload.toFixed(2),
          overBare.toFixed(2),
        ],
        ['the cryptography alone', figures.bareCryptoMs.toFixed(2), '1.00'],
        [
          'downloads a second, eUICCs on the same machine',
          figures.downloadsPerSecond.toFixed(0),
          '',
        ],
      ],
    }
  },
}
