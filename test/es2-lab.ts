/** An operator who orders over ES2+: mutual TLS with a certificate of the installation's own PKI. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Chip } from '../simulators/phone/assistant.ts'
import { writeEs2 } from '../src/esim/pki-gateway.ts'
import { parseCertificate } from '../src/esim/sgp22/certificate.ts'
import { issueCertificate } from '../src/esim/sgp22/certificate-write.ts'
import { keyPairOf, privateKeyOf, signingKey } from '../src/esim/sgp22/curves.ts'
import { type Euicc, newEuiccState } from '../src/esim/sgp22/euicc.ts'
import {
  certificateFromPem,
  certificatePem,
  credentialFromPem,
  keyPem,
} from '../src/esim/sgp22/test-pki.ts'

export type Keys = { ca: string; cert: string; key: string }
export type Es2Answer = {
  status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field in tests
  body: any
}

/** The certificate another operator got from the CA of this installation. */
export function operatorKeys(folder: string, requester: string): Keys {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const ca = credentialFromPem(read('ca.pem'), read('ca-key.pem'))
  if (!ca) throw new Error('a CA is in the file')
  const pair = keyPairOf('prime256v1', Buffer.from(requester.padEnd(48, '.')))
  const certificate = issueCertificate(
    {
      role: 'dpTls',
      subject: { organization: 'Another operator', commonName: 'orders' },
      registeredId: requester,
      pair,
      serialNumber: 77n,
      notBeforeMs: Date.now() - 86_400_000,
      notAfterMs: Date.now() + 86_400_000,
    },
    { subject: ca.subject, pair: ca.pair, key: signingKey(ca.pair) },
  )
  return { ca: read('ca.pem'), cert: certificatePem(certificate), key: keyPem(pair) }
}

/** Keys under a CA of somebody's own that names the same requester. */
export async function foreignKeys(): Promise<Keys> {
  const folder = mkdtempSync(join(tmpdir(), 'violet-foreign-'))
  await writeEs2(folder, { host: 'localhost', smdpOid: '2.999.10', nowMs: Date.now() })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { ca: read('ca.pem'), cert: read('client.pem'), key: read('client-key.pem') }
}

export function operator(port: number, keys: Partial<Keys>, requester: string) {
  const agent = new Agent({ ...keys, keepAlive: true, maxSockets: 8 })
  const raw = (name: string, text: string) =>
    new Promise<Es2Answer>((done, fail) => {
      const path = `/gsma/rsp2/es2plus/${name}`
      const headers = { 'content-type': 'application/json', 'x-admin-protocol': 'gsma/rsp/v2.5.0' }
      const out = request(
        { host: 'localhost', port, agent, path, method: 'POST', headers },
        (response) => {
          let answer = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (answer += chunk))
          response.on('end', () =>
            done({
              status: response.statusCode ?? 0,
              body: answer === '' ? null : JSON.parse(answer),
            }),
          )
        },
      )
      out.on('error', fail)
      out.end(text)
    })
  return {
    raw,
    call: (name: string, body: object, callId: string = randomUUID()) =>
      raw(
        name,
        JSON.stringify({
          header: { functionRequesterIdentifier: requester, functionCallIdentifier: callId },
          ...body,
        }),
      ),
    close: () => agent.destroy(),
  }
}

/** Subject and reason, or what an execution that succeeded is called. */
export function outcome({ body }: Es2Answer): string {
  const { status, statusCodeData } = body.header.functionExecutionStatus
  return statusCodeData ? `${statusCodeData.subjectCode}/${statusCodeData.reasonCode}` : status
}

let used = 0

/** An eUICC that was given certificates of the installation's own test CI. */
export function chipOf(dataDir: string, name = 'nist'): Chip & { euicc: Euicc } {
  const folder = join(dataDir, 'rsp', name)
  const eids = readdirSync(join(folder, 'euicc')).filter((file) => !file.includes('-key'))
  const eid = eids[used++ % eids.length]?.replace('.pem', '') ?? ''
  const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8')
  const certificate = (...path: string[]) =>
    parseCertificate(certificateFromPem(read(...path)) ?? Buffer.alloc(0))
  const euicc: Euicc = {
    eid,
    credentials: [
      {
        ci: certificate('ci.pem'),
        eum: certificate('eum.pem'),
        euicc: certificate('euicc', `${eid}.pem`),
        key: privateKeyOf(read('euicc', `${eid}-key.pem`)),
      },
    ],
  }
  let kept = JSON.stringify(newEuiccState)
  return {
    euicc,
    state: () => JSON.parse(kept) as typeof newEuiccState,
    keep: (state) => (kept = JSON.stringify(state)),
  }
}
