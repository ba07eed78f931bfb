/** A serving node (MSC/VLR or SGSN) that speaks GSUP over IPA to a home register, as a core network's does. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Message types of GSUP (OsmoHLR user manual, "Generic Subscriber Update Protocol"). */
export const gsup = {
  updateLocation: 0x04,
  updateLocationError: 0x05,
  updateLocationResult: 0x06,
  sendAuthInfo: 0x08,
  sendAuthInfoError: 0x09,
  sendAuthInfoResult: 0x0a,
  insertData: 0x10,
  insertDataResult: 0x12,
  deleteData: 0x14,
  deleteDataResult: 0x16,
  cancelLocation: 0x1c,
  cancelLocationResult: 0x1e,
} as const

export type Domain = 'ps' | 'cs'
export type Heard = { type: number; imsi: string; elements: ReadonlyMap<number, Buffer> }

const imsiElement = 0x01
const causeElement = 0x02
const domainElement = 0x28
const domains = { ps: 1, cs: 2 } as const

type Options = {
  host: string
  name: string
  port?: number
  /** Whether it says that it dropped a subscriber when it is told to. */
  acknowledges?: boolean
}

export async function openServingNode({ host, name, port = 4222, acknowledges = true }: Options) {
  const socket = connect(port, host)
  const heard: Heard[] = []
  let rest: Buffer = Buffer.alloc(0)
  let isReady = false
  const send = (type: number, imsi: string, more: [number, Buffer][] = []) =>
    sendGsup(socket, type, imsi, more)
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 3 && rest.length >= 3 + rest.readUInt16BE(0)) {
      const size = rest.readUInt16BE(0)
      const [stream, body] = [rest[2], rest.subarray(3, 3 + size)]
      rest = rest.subarray(3 + size)
      if (stream === 0xfe) isReady = answerIpa(socket, body, name) || isReady
      if (stream !== 0xee || body[0] !== 0x05) continue
      const message = readGsup(body.subarray(1))
      heard.push(message)
      if (message.type === gsup.insertData) send(gsup.insertDataResult, message.imsi)
      if (message.type === gsup.deleteData && acknowledges)
        send(gsup.deleteDataResult, message.imsi)
      if (message.type === gsup.cancelLocation && acknowledges)
        send(gsup.cancelLocationResult, message.imsi)
    }
  })
  const until = async (holds: () => boolean, ms = 3000) => {
    for (const end = Date.now() + ms; !holds(); await sleep(10)) {
      if (Date.now() > end) throw new Error(`the register was silent: ${JSON.stringify(heard)}`)
    }
  }
  await until(() => isReady)
  const ask = async (type: number, imsi: string, domain: Domain): Promise<Heard> => {
    const from = heard.length
    const answer = () =>
      heard
        .slice(from)
        .find((one) => one.imsi === imsi && (one.type === type + 1 || one.type === type + 2))
    send(type, imsi, [[domainElement, Buffer.from([domains[domain]])]])
    await until(() => answer() !== undefined)
    return answer()!
  }
  return {
    heard,
    until,
    /** The types of what it was told about a subscriber, oldest first. */
    told: (imsi: string) => heard.filter((one) => one.imsi === imsi).map(({ type }) => type),
    /** A phone attaches here: the register is told, and says yes or no. */
    updateLocation: (imsi: string, domain: Domain = 'ps') => ask(gsup.updateLocation, imsi, domain),
    sendAuthInfo: (imsi: string, domain: Domain = 'ps') => ask(gsup.sendAuthInfo, imsi, domain),
    close: () =>
      new Promise<void>((done) => {
        socket.once('close', () => done()).end()
      }),
  }
}

/** The reason of a refusal (GMM cause, TS 24.008 §10.5.5.14). */
export const causeOf = ({ elements }: Heard): number | undefined => elements.get(causeElement)?.[0]

// IPA's CCM: the server asks who we are and takes the answer as it comes.
function answerIpa(socket: Socket, body: Buffer, name: string): boolean {
  const [kind] = body
  if (kind === 0x00) socket.write(frame(0xfe, Buffer.from([0x01])))
  if (kind === 0x04) {
    const tag = (number: number, text: string) => {
      const value = Buffer.from(`${text}\0`)
      return Buffer.concat([Buffer.from([0, value.length + 1, number]), value])
    }
    const names = [tag(0x00, name), tag(0x01, name), tag(0x08, '0/0/0')]
    socket.write(frame(0xfe, Buffer.concat([Buffer.from([0x05]), ...names])))
  }
  return kind === 0x04
}

function frame(stream: number, body: Buffer): Buffer {
  const head = Buffer.alloc(3)
  head.writeUInt16BE(body.length, 0)
  head[2] = stream
  return Buffer.concat([head, body])
}

function sendGsup(socket: Socket, type: number, imsi: string, more: [number, Buffer][]) {
  const elements = [[imsiElement, bcdOf(imsi)] as [number, Buffer], ...more]
  const parts = elements.map(([tag, value]) =>
    Buffer.concat([Buffer.from([tag, value.length]), value]),
  )
  socket.write(frame(0xee, Buffer.concat([Buffer.from([0x05, type]), ...parts])))
}

function readGsup(body: Buffer): Heard {
  const elements = new Map<number, Buffer>()
  for (let at = 1; at + 1 < body.length; at += 2 + body[at + 1]!)
    elements.set(body[at]!, body.subarray(at + 2, at + 2 + body[at + 1]!))
  return { type: body[0]!, imsi: digitsOf(elements.get(imsiElement)!), elements }
}

// TBCD: two digits a byte, the first in the low half, F fills.
function bcdOf(digits: string): Buffer {
  const even = digits.length % 2 === 0 ? digits : `${digits}f`
  return Buffer.from(even.replaceAll(/(.)(.)/g, '$2$1'), 'hex')
}

const digitsOf = (bcd: Buffer): string =>
  bcd
    .toString('hex')
    .replaceAll(/(.)(.)/g, '$2$1')
    .replace(/f$/, '')
