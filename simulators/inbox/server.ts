/** The inbox: takes the platform's mail by SMTP and its SMS by HTTP, and shows them on a page. */
import { SMTPServer } from 'smtp-server'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { portsAfter } from '../../src/platform/config.ts'
import { CannotStart } from '../../src/platform/process.ts'
import { openDatabase } from '../database.ts'
import { listen, type Log, openHost, runAsProgram, type Running, silentLog } from '../host.ts'
import { addAssets } from '../page.ts'
import { addBell, addInboxApi } from './api.ts'
import { addInboxPage } from './inbox-page.ts'
import { type Inbox, openInbox, schema } from './store.ts'

export type InboxOptions = {
  port?: number
  smtpPort?: number
  dataDir?: string // in memory when left out
  clock?: Clock
  log?: Log
}

const MAIL_BYTES_MAX = 20 * 1024 * 1024

export async function startInbox(options: InboxOptions): Promise<Running & { smtpUrl: string }> {
  const { port = 0, smtpPort = 0, clock = systemClock, log = silentLog } = options
  const db = openDatabase(options.dataDir, 'inbox', schema)
  const http = openHost(log)
  const bell = addBell(http)
  const inbox = openInbox(db, () => clock.now().epochMilliseconds, bell.ring)
  addInboxApi(http, inbox)
  addAssets(http, ['inbox/inbox.css', 'inbox/inbox.js'])
  addInboxPage(http, inbox)
  const smtp = openSmtp(inbox, log)
  const takenPort = await listenSmtp(smtp, smtpPort)
  const url = await listen(http, port)
  return {
    url,
    smtpUrl: `smtp://127.0.0.1:${takenPort}`,
    async close() {
      bell.close()
      await new Promise<void>((done) => smtp.close(() => done()))
      await http.close()
      db.close()
    },
  }
}

function openSmtp(inbox: Inbox, log: Log): SMTPServer {
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: MAIL_BYTES_MAX,
    closeTimeout: 200,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        // Beyond the limit the rest is read and thrown away.
        if (!stream.sizeExceeded) chunks.push(chunk)
      })
      stream.on('error', done)
      stream.on('end', () => {
        const refused = new Error('The message is too large') as Error & { responseCode?: number }
        refused.responseCode = 552
        if (stream.sizeExceeded) return done(refused)
        const { rcptTo, mailFrom } = session.envelope
        const recipients = rcptTo.map(({ address }) => address)
        // Answered after the commit: what was accepted survives kill -9.
        try {
          inbox.keepMail(Buffer.concat(chunks), recipients, mailFrom ? mailFrom.address : '')
        } catch (error) {
          log.error({ err: error }, 'a mail could not be kept')
          return done(error as Error)
        }
        done()
      })
    },
  })
  smtp.on('error', (error: Error) => log.warn({ err: error }, 'SMTP'))
  return smtp
}

function listenSmtp(smtp: SMTPServer, port: number): Promise<number> {
  return new Promise((done, fail) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      fail(taken ? new CannotStart(`Port ${port} is taken by another program.`) : error)
    }
    smtp.once('error', failed)
    smtp.listen(port, '127.0.0.1', () => {
      smtp.off('error', failed)
      const address = smtp.server.address()
      done(typeof address === 'object' && address ? address.port : port)
    })
  })
}

if (import.meta.main) {
  runAsProgram('inbox', ({ places, secret: _secret, ...settings }) => {
    const given = URL.parse(places.smtpUrl)?.port
    return startInbox({ ...settings, smtpPort: Number(given) || portsAfter(places.port).smtp })
  })
}
