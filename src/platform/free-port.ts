/** A port of this machine that nobody listens at. */
import { createServer } from 'node:net'
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
