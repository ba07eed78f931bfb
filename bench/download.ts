/** Complete SGP.22 downloads, server side: four ES9+ calls each, against the bare cryptography they cannot do without. */
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  type Chip,
  downloadProfile,
  type Es9,
  sendNotifications,
} from '../simulators/phone/assistant.ts'
import { openMaker } from '../simulators/phone/chip.ts'
import { ecka, keyPairOf, publicKeyOf, sign, signingKey, verify } from '../src/esim/sgp22/curves.ts'
import { type EuiccState, newEuiccState } from '../src/esim/sgp22/euicc.ts'
import { eidOf } from '../src/esim/sgp22/identifiers.ts'
import { type Bench, median, type Options } from './contract.ts'
import { type Cpu, type Left, openWorld, type World } from './download/world.ts'

const atOnce = 8
const smdpAddress = 'localhost:4400'

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

type Round = Cpu & { readonly perSecond: number; readonly bareMs: number }

async function measure({ rows = 500, rounds, progress }: Options): Promise<Round[]> {
  progress(0, 'a database, a server, a CI')
  const world = await openWorld()
  const maker = openMaker(() => join(world.dataDir, 'rsp'))
  const measured: Round[] = []
  try {
    // The first round warms caches and code up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      progress(round / (rounds + 1), `${rows} downloads`)
      const matchingIds = await world.sell(round * rows, rows)
      const chips = matchingIds.map((_, index) => newChip(maker, round * rows + index))
      const before = await world.cpu()
      const began = performance.now()
      await downloadAll(world, chips, matchingIds)
      const seconds = (performance.now() - began) / 1000
      const after = await world.cpu()
      const bareMs = bareCryptoMs(500)
      prove(await world.left(), (round + 1) * rows)
      if (round === 0) continue
      measured.push({
        nodeMs: (after.nodeMs - before.nodeMs) / rows,
        postgresMs: (after.postgresMs - before.postgresMs) / rows,
        perSecond: rows / seconds,
        bareMs,
      })
    }
  } finally {
    await world.close()
  }
  return measured
}

/** Every download is whole: installed, its keys gone, two entries in the audit trail, one job that begins service. */
function prove({ installed, entries, jobs }: Left, downloads: number): void {
  if (installed === downloads && entries === 2 * downloads && jobs === downloads) return
  throw new Error(
    `${downloads} downloads: ${installed} installed, ${entries} entries, ${jobs} jobs`,
  )
}

export const bench: Bench = {
  name: 'download',
  summary:
    'complete SGP.22 downloads: CPU of server and database each, four calls on kept connections',
  async run(options) {
    const measured = await measure(options)
    const of = (figure: (round: Round) => number) => median(measured.map(figure))
    const whole = ({ nodeMs, postgresMs }: Cpu) => nodeMs + postgresMs
    const overBare = (figure: (round: Round) => number) =>
      of((round) => figure(round) / round.bareMs).toFixed(2)
    const figures = {
      cpuMsPerDownload: of(whole),
      nodeMs: of(({ nodeMs }) => nodeMs),
      postgresMs: of(({ postgresMs }) => postgresMs),
      bareCryptoMs: of(({ bareMs }) => bareMs),
      downloadsPerSecond: of(({ perSecond }) => perSecond),
    }
    const row = (name: string, figure: (round: Round) => number) => [
      name,
      of(figure).toFixed(2),
      overBare(figure),
    ]
    return {
      figures,
      ratios: {
        cpuMsPerDownload: figures.cpuMsPerDownload,
        overBareCrypto: Number(overBare(whole)),
      },
      marks: [{ ratio: 'cpuMsPerDownload', atMost: 8 }],
      table: [
        ['', 'ms CPU', 'of bare'],
        row('one download, server and database', whole),
        row('  of it the server', ({ nodeMs }) => nodeMs),
        row('  of it PostgreSQL', ({ postgresMs }) => postgresMs),
        row('the cryptography alone', ({ bareMs }) => bareMs),
        [
          'downloads a second, eUICCs on the same machine',
          figures.downloadsPerSecond.toFixed(0),
          '',
        ],
      ],
    }
  },
}
