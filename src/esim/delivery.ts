/** A list of profiles as a vendor delivers it with those it put into its SM-DP+: CSV, one profile a line. */
import { isIccid } from './sgp22/identifiers.ts'

export type DeliveredProfile = {
  readonly iccid: string
  readonly imsi: string
  /** Of the subscription (TS 35.206), 16 bytes each; undefined where the network gets them elsewhere. */
  readonly keys: { readonly k: Buffer; readonly opc: Buffer } | undefined
}

export type BadRow = { readonly line: number; readonly reason: string }

const names = ['iccid', 'imsi', 'k', 'opc'] as const
const cellsOf = (line: string) =>
  line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))

/** Undefined when the first line does not name the columns. */
export function readDelivery(
  text: string,
): { rows: DeliveredProfile[]; bad: BadRow[] } | undefined {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const columns = cellsOf(header).map((name) => name.toLowerCase())
  const at = names.map((name) => columns.indexOf(name))
  if (at[0] === -1 || at[1] === -1 || (at[2] === -1) !== (at[3] === -1)) return undefined
  const rows: DeliveredProfile[] = []
  const bad: BadRow[] = []
  const seen = new Set<string>()
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const cells = cellsOf(line)
    const [iccid = '', imsi = '', k = '', opc = ''] = at.map((place) => cells[place] ?? '')
    const reason = faultOf(iccid.replace(/F$/i, ''), imsi, k, opc, at[2] !== -1, seen)
    if (reason) bad.push({ line: index + 2, reason })
    else rows.push(rowOf(iccid.replace(/F$/i, ''), imsi, k, opc))
  }
  return { rows, bad }
}

function faultOf(
  iccid: string,
  imsi: string,
  k: string,
  opc: string,
  hasKeys: boolean,
  seen: Set<string>,
): string | undefined {
  if (!isIccid(iccid)) return 'the ICCID is not one'
  if (!/^\d{15}$/.test(imsi)) return 'an IMSI has 15 digits'
  const isKey = (text: string) => /^[0-9a-f]{32}$/i.test(text)
  if (hasKeys && !(isKey(k) && isKey(opc))) return 'K and OPc have 32 hexadecimal digits each'
  if (seen.has(iccid) || seen.has(imsi)) return 'the ICCID or the IMSI stands there twice'
  seen.add(iccid)
  seen.add(imsi)
  return undefined
}

function rowOf(iccid: string, imsi: string, k: string, opc: string): DeliveredProfile {
  const keys = k === '' ? undefined : { k: Buffer.from(k, 'hex'), opc: Buffer.from(opc, 'hex') }
  return { iccid, imsi, keys }
}
