/** What the embedded SM-DP+ is made of: its certificates and keys, and the template of its profiles. */
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout, type Config } from '../platform/config.ts'
import { CannotStart } from '../platform/process.ts'
import { type Es2Pki, type KeyedCertificate, openEs2Pki } from './es2-pki-gateway.ts'
import { initPki } from './pki-gateway.ts'
import { parseCertificate } from './sgp22/certificate.ts'
import { privateKeyOf } from './sgp22/curves.ts'
import { DerError } from './sgp22/der.ts'
import { decodeProfilePackage } from './sgp22/saip.ts'
import { type ServerCredential, type Smdp, type SmdpIdentity, smdpFault } from './sgp22/smdp.ts'
import { certificateFromPem, isTestCi } from './sgp22/test-pki.ts'

export type Rsp = {
  readonly smdp: Smdp
  /** Profile elements to be personalised. */
  readonly template: Buffer
  /** For the listener of its own that phones use (PEM). */
  readonly tls: KeyedCertificate | undefined
  /** For orders of operators, over mutual TLS. */
  readonly es2: Es2Pki
}

const builtIn = join(checkout, 'src/esim/sgp22/templates/violet-test-usim.der')

type Needs = Pick<
  Config,
  'dataDir' | 'publicUrl' | 'rspPki' | 'profileTemplate' | 'rspAddress' | 'es2'
>

/**
 * Reads what the configuration names; where it names nothing, a test PKI is made once in the data folder.
 * @throws CannotStart when certificates, keys or the template cannot serve.
 */
export async function openRsp(config: Needs, nowMs: number): Promise<Rsp> {
  const folder = config.rspPki ?? (await ownPki(config, nowMs))
  const identities: SmdpIdentity[] = []
  for (const name of await identitiesIn(folder))
    identities.push({
      ci: await readCertificate(join(folder, name, 'ci.pem')),
      dpAuth: await readCredential(join(folder, name, 'dp-auth')),
      dpPb: await readCredential(join(folder, name, 'dp-pb')),
    })
  const smdp: Smdp = {
    address: config.rspAddress ?? new URL(config.publicUrl).host,
    identities,
    confirmationAttemptsMax: 5,
    downloadAttemptsMax: 10,
    sessionMsMax: 3_600_000,
  }
  const fault = smdpFault(smdp, nowMs)
  if (fault) throw new CannotStart(`The certificates in ${folder} cannot serve. ${fault}`)
  const template = await readTemplate(config.profileTemplate ?? builtIn)
  const es2 = await openEs2Pki(config, nowMs)
  return { smdp, template, tls: await readTls(folder), es2 }
}

/** Whether only test eUICCs can install the profiles of lines. */
export const isForTestsOnly = (config: Pick<Config, 'smdp'>, { smdp }: Rsp): boolean =>
  !config.smdp && smdp.identities.every(({ ci }) => isTestCi(ci))

/** Made beside its place and moved there whole, so that a start that dies leaves no half of it. */
async function ownPki({ dataDir, publicUrl }: Needs, nowMs: number): Promise<string> {
  const folder = join(dataDir, 'rsp')
  const { hostname } = new URL(publicUrl)
  if ((await foldersOf(folder).catch(() => [])).length > 0) return folder
  await mkdir(dataDir, { recursive: true })
  const draft = await mkdtemp(`${folder}-draft-`)
  await initPki(draft, { host: hostname, euiccs: '8', smdpOid: '2.999.10' }, nowMs)
  await rename(draft, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true })
    // Another process was faster.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return folder
}

/** One folder for each CI, or the files of the one there is. */
async function identitiesIn(folder: string): Promise<string[]> {
  const names = ['.', ...(await foldersOf(folder)).sort().reverse()]
  const held = await Promise.all(
    names.map((name) =>
      access(join(folder, name, 'ci.pem')).then(
        () => true,
        () => false,
      ),
    ),
  )
  return names.filter((_, index) => held[index])
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new CannotStart(`The certificates in ${folder} cannot be read (${error.code}).`)
    },
  )
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CannotStart(`${path} cannot be read (${error.code}).`)
  })
}

async function readCertificate(path: string) {
  const der = certificateFromPem(await readText(path))
  try {
    if (der) return parseCertificate(der)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new CannotStart(`${path} is no certificate of SGP.22: ${error.message}.`)
  }
  throw new CannotStart(`${path} holds no certificate.`)
}

async function readCredential(path: string): Promise<ServerCredential> {
  const certificate = await readCertificate(`${path}.pem`)
  const pem = await readText(`${path}-key.pem`)
  try {
    return { certificate, key: privateKeyOf(pem) }
  } catch {
    // OpenSSL's reasons may quote the key.
    throw new CannotStart(`${path}-key.pem holds no private key on P-256 or brainpoolP256r1.`)
  }
}

async function readTls(folder: string): Promise<Rsp['tls']> {
  for (const name of await identitiesIn(folder)) {
    const cert = await readFile(join(folder, name, 'dp-tls.pem'), 'utf8').catch(() => undefined)
    if (cert) return { cert, key: await readText(join(folder, name, 'dp-tls-key.pem')) }
  }
  return undefined
}

async function readTemplate(path: string): Promise<Buffer> {
  const template = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new CannotStart(`The profile template ${path} cannot be read (${error.code}).`)
  })
  try {
    decodeProfilePackage(template)
    return template
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new CannotStart(`${path} is no profile package: ${error.message}.`)
  }
}
