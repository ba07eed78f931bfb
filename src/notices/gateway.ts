/** The two ways out: SMTP for mail, an HTTP gateway for SMS. */
import { createTransport, type SendMailOptions } from 'nodemailer'
import type { Config } from '../platform/config.ts'
import { Fault } from '../values/fault.ts'

const timeoutMs = 10_000

export type Attachment = { filename: string; contentType: string; content: Buffer }
export type Mail = {
  from: string
  to: string
  messageId: string
  subject: string
  html: string
  text: string
  language: string
  attachments: readonly Attachment[]
}
export type Sms = { id: string; to: string; text: string }

/** `refused` means that this address or message will never be taken; a Fault that it is worth trying again. */
export type Delivery = { outcome: 'sent' } | { outcome: 'refused'; why: string }

export type Outbox = {
  mail(mail: Mail): Promise<Delivery>
  sms(sms: Sms): Promise<Delivery>
  close(): void
}

export function openOutbox(config: Pick<Config, 'smtpUrl' | 'smsUrl'>): Outbox {
  const { hostname, port, protocol, username, password } = new URL(config.smtpUrl)
  const transport = createTransport({
    host: hostname,
    port: Number(port || 25),
    secure: protocol === 'smtps:',
    // A local inbox speaks plain SMTP; any other server is asked for STARTTLS where it offers it.
    ignoreTLS: ['127.0.0.1', 'localhost', '::1'].includes(hostname),
    ...(username && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    }),
    pool: true,
    maxConnections: 2,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  })
  return {
    async mail({ messageId, language, attachments, ...mail }) {
      const options: SendMailOptions = {
        ...mail,
        messageId,
        attachments: [...attachments],
        headers: { 'Content-Language': language, 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      }
      try {
        await transport.sendMail(options)
        return { outcome: 'sent' }
      } catch (error) {
        return mailFailure(error as Error & { responseCode?: number; code?: string })
      }
    },
    sms: (sms) => sendSms(config.smsUrl, sms),
    close: () => transport.close(),
  }
}

function mailFailure(error: Error & { responseCode?: number; code?: string }): Delivery {
  const { responseCode, code } = error
  // 5yz is for good, 4yz for now (RFC 5321 §4.2.1).
  if (responseCode !== undefined && responseCode >= 500) {
    return { outcome: 'refused', why: `SMTP ${responseCode}` }
  }
  const unsent = code === 'ECONNECTION' || code === 'EDNS' || code === 'ESOCKET'
  throw new Fault(
    'mail',
    unsent ? 'not-done' : 'unknown',
    `${code ?? ''} ${responseCode ?? ''}`.trim(),
  )
}

async function sendSms(url: string, sms: Sms): Promise<Delivery> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': sms.id },
      body: JSON.stringify(sms),
      signal: AbortSignal.timeout(5000),
    })
  } catch (error) {
    throw new Fault('sms', 'unknown', (error as Error).name)
  }
  await response.body?.cancel()
  if (response.ok) return { outcome: 'sent' }
  if (response.status >= 500 || response.status === 429) {
    throw new Fault('sms', 'unknown', `HTTP ${response.status}`)
  }
  return { outcome: 'refused', why: `SMS ${response.status}` }
}
