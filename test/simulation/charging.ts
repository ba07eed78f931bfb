/** What the network asks of online charging while a phone is in use: a session is begun, reported on, and ended. */
import { type Ask, type Body, type Program, say, wait } from './ask.ts'
import type { Mind, Of } from './mind.ts'
import type { Person } from './story.ts'

/** The network that serves one person's phone, beside that person. */
export function* serve({ intents }: Person, mind: Mind): Program {
  for (const intent of intents) if (intent.kind === 'session') yield* session(intent, mind)
}

function* session(intent: Of<'session'>, mind: Mind): Program {
  const { afterMs, line, mccmnc, rounds, everyMs, ends } = intent
  yield { do: 'wait-until', afterMs }
  const imsi = mind.phones.get(mind.lineIds[line] ?? '')?.imsi
  if (!imsi) return
  const about = { do: 'charge', imsi, mccmnc } as const
  const created = yield { ...about, operation: 'create', ref: '', sequence: 0, used: null }
  const ref = created.location?.split('/').at(-1)
  if (!ref) {
    yield say(`is given no session: ${created.body?.cause ?? created.status}`)
    return
  }
  yield say(`begins a session of line ${line + 1} in ${mccmnc}`)
  let granted = grantedIn(created.body)
  for (let sequence = 1; sequence <= rounds; sequence += 1) {
    yield wait(everyMs)
    const used = Math.floor(granted * 0.8)
    const updated = yield { ...about, operation: 'update', ref, sequence, used }
    if (updated.status !== 200) {
      yield say(`goes on with no session: ${updated.body?.cause ?? updated.status}`)
      return
    }
    granted = grantedIn(updated.body)
    if (granted === 0) break
  }
  if (!ends) return
  yield wait(everyMs)
  const used = Math.floor(granted / 3)
  const last: Ask = { ...about, operation: 'release', ref, sequence: rounds + 1, used }
  const released = yield last
  yield say(`ends the session: ${released.body?.cause ?? released.status}`)
}

function grantedIn(body: Body): number {
  return body?.multipleUnitInformation?.[0]?.grantedUnit?.totalVolume ?? 0
}
