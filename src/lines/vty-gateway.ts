/** Speaks with an Osmocom program on its VTY (telnet): commands go in, lines come out. */
import { connect, type Socket } from 'node:net'
import { Fault } from '../values/fault.ts'

export type VtyPlace = { host: string; port: number }
export type Vty = {
  /** Sends a command and gives the lines it answered, without its echo and prompt. */
  run(command: string): Promise<string[]>
  /** Waits for a line that comes by itself, such as one of the log; false: none came in time. */
  heard(holds: (line: string) => boolean, msMax: number): Promise<boolean>
}

const name = 'network'
const waitMsMax = 5000
/** A register of millions is listed in one answer. */
const silenceMsMax = 30_000
const telnet = { command: 0xff, will: 0xfb, dont: 0xfe } as const

/**
 * Opens a session with rights to change things, and closes it after use.
 * @throws Fault `not-done` when nobody answers, `unknown` when the session broke while a command ran.
 */
export async function withVty<T>(place: VtyPlace, use: (vty: Vty) => Promise<T>): Promise<T> {
  const socket = await reach(place)
  const session = openSession(socket)
  try {
    const vty = await session.greeted()
    await vty.run('enable')
    await vty.run('terminal length 0')
    return await use(vty)
  } finally {
    socket.destroy()
  }
}

function reach({ host, port }: VtyPlace): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ host, port })
    const give = (error: Error) => {
      socket.destroy()
      fail(error)
    }
    socket.setTimeout(waitMsMax, () => give(new Fault(name, 'not-done', 'did not answer in time')))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      give(new Fault(name, 'not-done', `did not answer (${error.code ?? error.name})`)),
    )
    socket.once('connect', () => {
      socket.removeAllListeners('error').removeAllListeners('timeout').setTimeout(0)
      done(socket)
    })
  })
}

/** What has come and was not yet read; whoever waits is woken by whatever comes. */
function openSession(socket: Socket) {
  let text = ''
  let ended = false
  let wake = () => {}
  const end = () => {
    ended = true
    wake()
  }
  socket.on('error', end).on('close', end)
  socket.on('data', (chunk: Buffer) => {
    text += withoutTelnet(chunk).toString('latin1')
    wake()
  })
  const something = (ms: number) =>
    new Promise<boolean>((done) => {
      const timer = setTimeout(() => done(false), ms)
      wake = () => {
        clearTimeout(timer)
        done(true)
      }
    })
  /** Reads on until the prompt; the limit counts from the last that came. */
  const prompted = async (prompt: RegExp): Promise<{ before: string; host: string }> => {
    for (;;) {
      const match = prompt.exec(text)
      if (match) {
        const before = text.slice(0, match.index)
        // The log goes on after the prompt.
        text = text.slice(match.index + match[0].length)
        return { before, host: match[1] ?? '' }
      }
      if (ended) throw new Fault(name, 'unknown', 'closed the connection')
      const ms = text === '' ? waitMsMax : silenceMsMax
      if (!(await something(ms))) throw new Fault(name, 'unknown', 'did not answer in time')
    }
  }
  const heard = async (holds: (line: string) => boolean, msMax: number): Promise<boolean> => {
    const deadline = performance.now() + msMax
    for (;;) {
      if (linesOf(text).some(holds)) return true
      const left = deadline - performance.now()
      if (ended || left <= 0) return false
      await something(left)
    }
  }
  return {
    /** The program says who it is, and each of its prompts begins so. */
    async greeted(): Promise<Vty> {
      const { host } = await prompted(/(?:^|[\r\n])([^\r\n>#]+)> $/)
      const prompt = new RegExp(`[\\r\\n]${RegExp.escape(host)}# `)
      const run = async (command: string) => {
        text = ''
        socket.write(`${command}\n`)
        const { before } = await prompted(prompt)
        // The first line is what we typed, sent back.
        return linesOf(before).slice(1)
      }
      return { run, heard }
    },
  }
}

const linesOf = (text: string): string[] => text.split(/[\r\n]+/).filter((line) => line !== '')

/** RFC 854: an option is negotiated in three bytes; none of them is text. */
function withoutTelnet(chunk: Buffer): Buffer {
  if (!chunk.includes(telnet.command)) return chunk
  const text: number[] = []
  for (let at = 0; at < chunk.length; at += 1) {
    if (chunk[at] !== telnet.command) text.push(chunk[at]!)
    else at += chunk[at + 1]! >= telnet.will && chunk[at + 1]! <= telnet.dont ? 2 : 1
  }
  return Buffer.from(text)
}
