/** A number taken along in a world: its owner gets the code, another operator asks with it and says what became of it. */
import {
  type Answer,
  type Ask,
  hours,
  insist,
  minutes,
  ok,
  post,
  type Program,
  say,
  seconds,
  wait,
} from './ask.ts'
import type { Intent } from './story.ts'

type PortOut = Extract<Intent, { kind: 'port-out' }>
type PortIn = Extract<Intent, { kind: 'port-in' }>

/** A number brought along; some think better of it. */
export function* portIn(intent: PortIn, lineIds: readonly string[]): Program {
  const { line, msisdn, code, stopAfterMs } = intent
  const lineId = lineIds[line]
  if (!lineId) return
  const at = `/v1/lines/${lineId}/port-in`
  const asked = yield* insist(post(at, { msisdn, code }, 2), 202)
  yield say(`brings a number to line ${line + 1}: ${asked.body?.port?.state ?? asked.body?.code}`)
  if (!ok(asked) || stopAfterMs === null) return
  yield wait(stopAfterMs)
  const stopped = yield { do: 'request', method: 'DELETE', path: at }
  yield say(`would rather not: ${stopped.body?.port?.state ?? stopped.body?.code}`)
}

export function* portOut(intent: PortOut, lineIds: readonly string[], email: string): Program {
  const lineId = lineIds[intent.line]
  if (!lineId) return
  const given = yield* codeOf(lineId, email)
  if (!ok(given)) {
    yield say(`gets no code for the number of line ${intent.line + 1}: ${given.body?.code}`)
    return
  }
  const { portCode: code, msisdn } = given.body
  const reference = `${lineId}-${intent.afterMs}`
  const asked = yield {
    do: 'operator',
    type: 'port-out.requested',
    data: { reference, msisdn, code, recipient: 'Heron' },
    dueInMs: intent.movesInMs,
  }
  if (!ok(asked)) return
  yield say(`another operator asks for the number of line ${intent.line + 1}`)
  yield wait(intent.endsInMs)
  yield* end(intent, lineId, reference)
}

function* codeOf(lineId: string, email: string): Generator<Ask, Answer, Answer> {
  let answer: Answer = { status: 0, body: {} }
  for (let round = 0; round < 3; round += 1) {
    answer = yield post(`/v1/lines/${lineId}/port-out/confirmation`)
    if (answer.status >= 400 && answer.status < 500) return answer
    const { body: code } = yield { do: 'read-code', to: email, sinceMs: 10 * minutes }
    if (!code) continue
    answer = yield post(`/v1/lines/${lineId}/port-out`, { code })
    if (ok(answer) || !String(answer.body?.code).startsWith('code-')) return answer
    yield wait(30 * seconds)
  }
  return answer
}

/** The last word, and sometimes another after it: late, contrary, or the same again. */
function* end({ ends, again }: PortOut, lineId: string, reference: string): Program {
  if (ends === 'stopped') {
    const stopped = yield { do: 'request', method: 'DELETE', path: `/v1/lines/${lineId}/port-out` }
    yield say(`stops the number: ${stopped.body?.port?.state ?? stopped.body?.code}`)
  } else if (ends !== 'silent') {
    const said = yield word(ends, reference)
    yield say(`the number is ${ends}: ${said.body?.state ?? said.body?.reason}`)
  }
  if (again === null) return
  yield wait(hours)
  yield word(again, reference)
}

function word(ends: 'completed' | 'failed' | 'cancelled', reference: string): Ask {
  const data = { reference, ...(ends === 'failed' && { reason: 'no such customer' }) }
  return { do: 'operator', type: `port-out.${ends}`, data }
}
