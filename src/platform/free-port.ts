/** Where a server of this machine can listen: a port nobody has, a folder that holds sockets. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { CannotStart } from './process.ts'

/** The wanted port when nobody has it, else one the system picks. */
export async function freePort(wanted: number): Promise<number> {
  const take = (port: number) =>
    new Promise<number | undefined>((done) => {
      const probe = createServer()
      probe.once('error', () => done(undefined))
      probe.listen({ port, host: '127.0.0.1' }, () => {
        const at = probe.address()
        probe.close(() => done(typeof at === 'object' && at ? at.port : undefined))
      })
    })
  const port = (await take(wanted)) ?? (await take(0))
  if (port === undefined) throw new CannotStart('No free port is left on 127.0.0.1.')
  return port
}

/** Bytes that a socket's path may have, on the system that allows the fewest. */
export const socketPathMax = 103

/** Whether a folder can hold a socket: its path may be too long, or its file system one that is shared with another system. */
export function holdsSockets(folder: string): Promise<boolean> {
  const path = join(folder, `.probe-${process.pid}`)
  if (Buffer.byteLength(path) > socketPathMax) return Promise.resolve(false)
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(path, () => probe.close(() => done(true)))
  })
}
