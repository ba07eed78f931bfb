/** What OsmoHLR 1.5 is told on its VTY and what it answers; none of its answers is passed on, as some hold keys. */
import assert from 'node:assert/strict'

export type HlrSubscriber = {
  readonly imsi: string
  readonly msisdn: string | null // E.164
  readonly cs: boolean // network access mode
  readonly ps: boolean
  readonly k: string | null // hexadecimal
  readonly opc: string | null
  /** Names of the nodes that serve it now. */
  readonly servedBy: readonly string[]
}
export type HlrListed = Pick<HlrSubscriber, 'imsi' | 'msisdn' | 'cs' | 'ps'>
export type AccessMode = 'none' | 'ps' | 'cs+ps'

/** Only what can't end a command may stand inside of one. */
function word(text: string, shape: RegExp): string {
  assert(shape.test(text), 'a word of a command has its shape')
  return text
}

const of = (imsi: string) => `subscriber imsi ${word(imsi, /^\d{6,15}$/)}`
const key = (text: string) => word(text, /^[0-9a-f]{32}$/)

export const command = {
  show: (imsi: string) => `${of(imsi)} show`,
  create: (imsi: string) => `${of(imsi)} create`,
  delete: (imsi: string) => `${of(imsi)} delete`,
  number: (imsi: string, msisdn: string | null) =>
    `${of(imsi)} update msisdn ${msisdn === null ? 'none' : word(msisdn, /^\+\d{5,15}$/).slice(1)}`,
  keys: (imsi: string, k: string, opc: string) =>
    `${of(imsi)} update aud3g milenage k ${key(k)} opc ${key(opc)}`,
  access: (imsi: string, mode: AccessMode) => `${of(imsi)} update network-access-mode ${mode}`,
  list: 'show subscribers all',
  nodes: 'show gsup-connections',
} as const

/** A line without a number carries data only. */
export const accessOf = (msisdn: string | null): AccessMode => (msisdn === null ? 'ps' : 'cs+ps')

const isAbsent = (lines: readonly string[]) =>
  lines.some((line) => line.startsWith('% No subscriber for imsi'))
const numberOf = (text: string | undefined) => (text && text !== 'none' ? `+${text}` : null)

/**
 * What `show` says of one subscriber; undefined: there is none.
 * @throws Error when it says something else.
 */
export function readShown(lines: readonly string[]): HlrSubscriber | undefined {
  if (isAbsent(lines)) return undefined
  const facts = lines.map((line) => line.trim())
  const after = (label: string) =>
    facts.find((fact) => fact.startsWith(label))?.slice(label.length) || null
  const imsi = after('IMSI: ')
  if (!imsi) throw new Error('the register does not show a subscriber')
  const nodes = [
    facts.includes('CS purged') ? null : after('VLR number: '),
    facts.includes('PS purged') ? null : after('SGSN number: '),
  ]
  return {
    imsi,
    msisdn: numberOf(after('MSISDN: ') ?? undefined),
    cs: !facts.includes('CS disabled'),
    ps: !facts.includes('PS disabled'),
    k: after('K='),
    opc: after('OPC='),
    servedBy: [...new Set(nodes.filter((node) => node !== null))],
  }
}

/** The rows of `show subscribers all`; whoever has no IMSI is nobody. */
export function readListed(lines: readonly string[]): HlrListed[] {
  const listed: HlrListed[] = []
  for (const line of lines) {
    const [id, msisdn, imsi, ...rest] = line.trim().split(/\s+/)
    if (!/^\d+$/.test(id ?? '') || !/^\d{6,15}$/.test(imsi ?? '')) continue
    const mode = rest.at(-1) ?? ''
    const [cs, ps] = [mode.includes('CS'), mode.includes('PS')]
    listed.push({ imsi: imsi!, msisdn: numberOf(msisdn), cs, ps })
  }
  return listed
}

/** How many the register says it listed; undefined: the list was cut short. */
export function countListed(lines: readonly string[]): number | undefined {
  if (lines.some((line) => line.startsWith('% No matching subscriber'))) return 0
  const last = lines.map((line) => /^\s*Subscribers Shown: (\d+)/.exec(line)?.[1]).find(Boolean)
  return last === undefined ? undefined : Number(last)
}

/** The nodes that are connected to the register now. */
export function readNodes(lines: readonly string[]): string[] {
  return lines
    .map((line) => /^\s*'(.*)' from /.exec(line)?.[1])
    .filter((name) => name !== undefined)
}

/** Whether a line of the register's log says that a node dropped a subscriber. */
export function isDropped(line: string, imsi: string, node: string): boolean {
  return line.includes(`: ${node}: IMSI-${imsi} OSMO_GSUP_MSGT_DELETE_DATA_RESULT`)
}

export type Expected = 'created' | 'deleted' | 'changed'

/** Whether a command did what it should; what is absent needs no deleting. */
export function isDone(expected: Expected, lines: readonly string[]): boolean {
  const said = lines.filter((line) => line.startsWith('%'))
  if (expected === 'created')
    return said.some((line) => /^% (Created|Subscriber already exists)/.test(line))
  if (expected === 'deleted')
    return isAbsent(lines) || said.some((line) => line.startsWith('% Deleted subscriber'))
  return said.every((line) => line.startsWith('% Updated subscriber'))
}
