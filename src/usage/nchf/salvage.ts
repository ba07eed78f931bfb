/** What a body that is not as specified still tells: its uses that are. One bad part holds back no other. */
import { isProblem } from './problem.ts'
import type { Range } from './rating-group.ts'
import { type Asked, contentHash, readAsked } from './request.ts'
import { chargingDataRequestWire } from './wire.ts'

export type Salvaged = {
  readonly asked: Asked
  /** Whether that is every use it told. */
  readonly isWhole: boolean
}

type Usage = { requestedUnit?: unknown; usedUnitContainer?: unknown[] }
type Body = Record<string, unknown> & { multipleUnitUsage?: (Usage | undefined)[] }

/** Undefined: nothing. `nowText` stands in for a time that can't be read. */
export function salvaged(
  body: unknown,
  ranges: readonly Range[],
  nowText: string,
): Salvaged | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const copy = JSON.parse(JSON.stringify(body)) as Body
  delete copy['oneTimeEvent']
  const issues = chargingDataRequestWire.safeParse(copy).error?.issues ?? []
  let isWhole = true
  for (const { path } of issues) {
    // Where it was used sets the price: that is not guessed.
    if (path.some((part) => placed.has(String(part)))) return undefined
    isWhole = drop(copy, path, nowText) && isWhole
  }
  const usages = (copy.multipleUnitUsage ?? []).flatMap((usage) => usage ?? [])
  for (const usage of usages)
    if (usage.usedUnitContainer)
      usage.usedUnitContainer = usage.usedUnitContainer.filter((one) => one !== undefined)
  copy.multipleUnitUsage = usages
  const asked = readAsked(copy, ranges)
  if (isProblem(asked) || asked.groups.every(({ used }) => used.length === 0)) return undefined
  // Named by all that came, so that the same body sent again is the same use.
  return { asked: { ...asked, contentHash: contentHash(body as Body) }, isWhole }
}

const placed = new Set(['pDUSessionChargingInformation', 'sMSChargingInformation', 'nFPLMNID'])

/** Takes the bad part out, or puts something harmless in its place. False: what was used went with it. */
function drop(body: Body, path: readonly PropertyKey[], nowText: string): boolean {
  const [top, at, part, inner] = path
  if (top === 'multipleUnitUsage' && typeof at === 'number') {
    const usage = body.multipleUnitUsage?.[at]
    if (usage && part === 'requestedUnit') {
      delete usage.requestedUnit
      return true
    }
    const containers = usage?.usedUnitContainer
    if (containers && part === 'usedUnitContainer' && typeof inner === 'number')
      containers[inner] = undefined
    else body.multipleUnitUsage![at] = undefined
    return false
  }
  const standIns: Readonly<Record<string, unknown>> = {
    nfConsumerIdentification: { nodeFunctionality: '' },
    invocationTimeStamp: nowText,
    invocationSequenceNumber: 0,
  }
  body[String(top)] = standIns[String(top)]
  return top !== 'multipleUnitUsage'
}
