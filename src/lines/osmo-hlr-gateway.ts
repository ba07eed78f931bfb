/** OsmoHLR as the network: a subscriber is made with its keys, told off its node before it is deleted, and read back. */
import { Fault } from '../values/fault.ts'
import type { Activation, Network } from './gateway.ts'
import {
  accessOf,
  command,
  countListed,
  type Expected,
  type HlrSubscriber,
  isDone,
  isDropped,
  readListed,
  readNodes,
  readShown,
} from './osmo-hlr.ts'
import { type Vty, type VtyPlace, withVty } from './vty-gateway.ts'

const name = 'network'
const acknowledgeMsMax = 4000
/** It does one thing at a time and syncs each to disk: more sessions at once would only run out of time. */
const sessionsMax = 4

/** No key goes with a change: each of them leads to the same state however often it is made. */
export function openOsmoHlr(place: VtyPlace): Network {
  const inTurn = openTurns(sessionsMax)
  const speak = <T>(use: (vty: Vty) => Promise<T>) => inTurn(() => withVty(place, use))
  return {
    activate: (subscription) => speak((vty) => activate(vty, subscription)),
    suspend: (imsi) =>
      speak(async (vty) => {
        const held = await show(vty, imsi)
        if (!held) throw new Fault(name, 'not-done', 'has no such subscriber to suspend')
        await endAccess(vty, held)
      }),
    resume: (imsi) =>
      speak(async (vty) => {
        const held = await show(vty, imsi)
        if (!held) throw new Fault(name, 'not-done', 'has no such subscriber to resume')
        await change(vty, command.access(imsi, accessOf(held.msisdn)))
      }),
    cancelLocation: (imsi) =>
      speak(async (vty) => {
        const held = await show(vty, imsi)
        if (held) await endAccess(vty, held)
      }),
    delete: (imsi) =>
      speak(async (vty) => {
        const held = await show(vty, imsi)
        // Deleting tells nobody, so whoever still may use the network is told off first.
        if (held && hasAccess(held)) await endAccess(vty, held)
        await change(vty, command.delete(imsi), 'deleted')
        if (await show(vty, imsi)) throw new Fault(name, 'unknown', 'still holds what it deleted')
      }),
    find: (imsi) =>
      speak(async (vty) => {
        const held = await show(vty, imsi)
        if (!held) return undefined
        const serves = hasAccess(held) && held.k !== null
        return {
          state: serves ? 'active' : 'suspended',
          msisdn: held.msisdn,
          attached: serves && held.servedBy.length > 0,
          openSession: false, // a home register does not know of sessions
        }
      }),
    async *list() {
      const lines = await speak((vty) => vty.run(command.list))
      const listed = readListed(lines)
      if (countListed(lines) !== listed.length)
        throw new Fault(name, 'not-done', 'gave half a list')
      yield listed.map(({ imsi, msisdn, cs, ps }) => ({
        imsi,
        msisdn,
        state: cs || ps ? ('active' as const) : ('suspended' as const),
      }))
    },
  }
}

const hasAccess = ({ cs, ps }: HlrSubscriber) => cs || ps

async function show(vty: Vty, imsi: string): Promise<HlrSubscriber | undefined> {
  const lines = await vty.run(command.show(imsi))
  try {
    return readShown(lines)
  } catch {
    throw new Fault(name, 'not-done', 'does not say whether it has the subscriber')
  }
}

async function change(vty: Vty, text: string, expected: Expected = 'changed'): Promise<void> {
  if (isDone(expected, await vty.run(text))) return
  // Neither the command nor the answer is shown: both may hold keys.
  const what = text.split(' ').slice(3, 5).join(' ')
  throw new Fault(name, 'not-done', `refused ${what}`)
}

/** Whatever a crash left half made is completed; access comes last. */
async function activate(vty: Vty, { imsi, msisdn, keys }: Activation): Promise<void> {
  const secret = await keys()
  if (!secret) throw new Fault(name, 'not-done', 'needs keys, and the profile has none')
  const [k, opc] = [secret.k.toString('hex'), secret.opc.toString('hex')]
  const before = await show(vty, imsi)
  if (!before) {
    await change(vty, command.create(imsi), 'created')
    await change(vty, command.access(imsi, 'none'))
  }
  if (before?.msisdn !== msisdn) await change(vty, command.number(imsi, msisdn))
  // Set anew, the sequence number would begin again and the card refuse it.
  if (before?.k !== k || before.opc !== opc) await change(vty, command.keys(imsi, k, opc))
  await change(vty, command.access(imsi, accessOf(msisdn)))
}

/** Takes access away and waits until every node that serves the subscriber has dropped it. */
async function endAccess(vty: Vty, { imsi, msisdn, servedBy, ...held }: HlrSubscriber) {
  if (servedBy.length === 0) return change(vty, command.access(imsi, 'none'))
  // The log is the only place where it says what a node answered.
  for (const what of [
    'enable',
    'filter all 1',
    'color 0',
    'level set-all fatal',
    'level lgsup debug',
  ])
    await vty.run(`logging ${what}`)
  // Taken away already, it would not be told again; whether it was heard then nobody knows.
  if (!held.cs && !held.ps) await change(vty, command.access(imsi, accessOf(msisdn)))
  const nodes = readNodes(await vty.run(command.nodes))
  const lines = await vty.run(command.access(imsi, 'none'))
  if (
    !isDone(
      'changed',
      lines.filter((line) => !line.startsWith('<')),
    )
  )
    throw new Fault(name, 'not-done', 'refused network-access-mode none')
  const silent: string[] = []
  for (const node of servedBy) {
    const isThere = nodes.includes(node)
    const drops = (line: string) => isDropped(line, imsi, node)
    if (!isThere || !(lines.some(drops) || (await vty.heard(drops, acknowledgeMsMax))))
      silent.push(node)
  }
  if (silent.length === 0) return
  throw new Fault(name, 'unknown', `was not heard to drop it on ${silent.join(', ')}`)
}

/** Lets so many go on at once; the others wait for their turn, first come first. */
function openTurns(turnsMax: number) {
  const waiting: (() => void)[] = []
  let free = turnsMax
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
