/** Certificates and keys of the SM-DP+ on disk: made for tests, or brought by the operator. */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Curve } from './sgp22/curves.ts'
import { eidOf } from './sgp22/identifiers.ts'
import {
  certificatePem,
  type Credential,
  keyPem,
  testEs2Pki,
  testEuicc,
  testPki,
} from './sgp22/test-pki.ts'
import { ownRequester } from './stock-store.ts'
import { CannotStart } from '../platform/process.ts'

export type PkiOptions = { host: string; euiccs: string; smdpOid: string }

export type PkiMade = {
  folder: string
  host: string
  smdpOid: string
  /** The function requester that the ES2+ client's certificate names. */
  requester: string
  eids: string[]
}

const curves = { nist: 'prime256v1', brainpool: 'brainpoolP256r1' } as const satisfies Record<
  string,
  Curve
>
const eidPrefix = '89049032'
const readme = `Certificates and private keys made by "violet pki init".

They are for tests. Only eUICCs that were made for this test CI accept them: the simulated phones of Violet,
and test eUICCs that were given ci.pem. No phone that is sold accepts them; those trust
the GSMA's CI alone, which certifies audited servers. Never use these keys for anything else.

es2/ is for the interface between operator and SM-DP+ (ES2+): server.pem answers, client.pem asks, each under ca.pem.
`

/** Fills an empty or missing folder; key files are readable by their owner only (0600). */
export async function initPki(
  folder: string,
  options: PkiOptions,
  nowMs: number,
): Promise<PkiMade> {
  const { host, smdpOid } = options
  const count = euiccCount(options.euiccs)
  if (!/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host))
    throw new CannotStart(`--host ${host}: a host name without a port is expected.`)
  if (!/^[0-2](?:\.(?:0|[1-9]\d{0,8})){2,}$/.test(smdpOid))
    throw new CannotStart(`--oid ${smdpOid}: an object identifier such as 2.999.10 is expected.`)
  const root = resolve(folder)
  await emptyFolder(root)
  const seed = randomBytes(32)
  const eids = Array.from({ length: count }, newEid)
  for (const [name, curve] of Object.entries(curves)) {
    const pki = testPki({ seed, curve, nowMs, smdpHost: host, smdpOid, eidPrefix })
    const files: [string, Credential][] = [
      ['ci', pki.ci],
      ['eum', pki.eum],
      ['dp-auth', pki.dpAuth],
      ['dp-pb', pki.dpPb],
      // TLS 1.3 has no brainpool curves that clients offer; the P-256 certificate serves both.
      ...(curve === 'prime256v1' ? [['dp-tls', pki.dpTls] as [string, Credential]] : []),
      ...eids.map((eid): [string, Credential] => [
        join('euicc', eid),
        testEuicc(pki, eid, { seed, nowMs }),
      ]),
    ]
    await mkdir(join(root, name, 'euicc'), { recursive: true, mode: 0o700 })
    for (const [file, credential] of files) await writePair(join(root, name, file), credential)
  }
  await mkdir(join(root, 'es2'), { mode: 0o700 })
  await writeEs2(join(root, 'es2'), { host, smdpOid, nowMs })
  await writeFile(join(root, 'README.txt'), readme)
  return { folder: root, host, smdpOid, requester: ownRequester, eids }
}

/** CA, server and client of ES2+, into a folder that is there and empty. */
export async function writeEs2(
  folder: string,
  wish: { host: string; smdpOid: string; nowMs: number },
): Promise<void> {
  const made = testEs2Pki({ ...wish, seed: randomBytes(32), requester: ownRequester })
  for (const name of ['ca', 'server', 'client'] as const)
    await writePair(join(folder, name), made[name])
}

function euiccCount(text: string): number {
  const count = Number(text)
  if (!/^\d{1,4}$/.test(text) || count > 1000)
    throw new CannotStart(`--euiccs ${text}: a number from 0 to 1000 is expected.`)
  return count
}

/** Existing keys are never overwritten: whoever trusts them would be locked out. */
async function emptyFolder(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 })
    const [first] = await readdir(root)
    if (first !== undefined) throw new CannotStart(`${root} is not empty; choose another folder.`)
  } catch (error) {
    if (error instanceof CannotStart) throw error
    throw new CannotStart(`${root} cannot be used: ${(error as Error).message}.`)
  }
}

async function writePair(path: string, { certificate, pair }: Credential): Promise<void> {
  await writeFile(`${path}.pem`, certificatePem(certificate), { flag: 'wx' })
  await writeFile(`${path}-key.pem`, keyPem(pair), { flag: 'wx', mode: 0o600 })
}

const newEid = (): string => {
  const number = BigInt(`0x${randomBytes(12).toString('hex')}`) % 10n ** 22n
  return eidOf(eidPrefix + number.toString().padStart(22, '0'))
}
