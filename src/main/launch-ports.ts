/** Refuses a port that somebody has before anything is started. */
import { createServer } from 'node:net'
import { type Es2Place, type NchfPlace, portsAfter } from '../platform/config.ts'
import { CannotStart } from '../platform/process.ts'

const partners = ['payments', 'network', 'phone', 'inbox', 'smtp', 'porting'] as const

type Wanted = { port: number; nchf: Pick<NchfPlace, 'port'>; es2: Pick<Es2Place, 'port'> }

export async function refuseTakenPorts({ port, nchf, es2 }: Wanted, demo: boolean): Promise<void> {
  const ports = portsAfter(port)
  const wanted = [
    { port, use: '' },
    { port: nchf.port, use: ' (online charging)' },
    { port: es2.port, use: ' (ES2+)' },
  ]
  if (demo) wanted.push(...partners.map((name) => ({ port: ports[name], use: ` (demo: ${name})` })))
  for (const { port: one, use } of wanted) {
    const problem = await whyNot(one)
    if (problem) throw new CannotStart(`Port ${one}${use} ${problem}: choose another with --port.`)
  }
}

async function whyNot(port: number): Promise<string | undefined> {
  // A listener on one address only does not always stop another on all of them.
  for (const host of [undefined, '127.0.0.1']) {
    const code = await new Promise<string | undefined>((done) => {
      const probe = createServer()
      probe.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
      probe.listen({ port, host }, () => probe.close(() => done(undefined)))
    })
    if (code === 'EADDRINUSE') return 'is taken by another program'
    if (code === 'EACCES') return 'may not be opened by this account'
    if (code !== undefined) return `cannot be opened (${code})`
  }
  return undefined
}
