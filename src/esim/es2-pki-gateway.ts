/** The certificates of ES2+ on disk: made once for the platform itself, or brought by the operator. */
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../platform/config.ts'
import { CannotStart } from '../platform/process.ts'
import { writeEs2 } from './pki-gateway.ts'

export type KeyedCertificate = { readonly cert: string; readonly key: string }

/** PEM. */
export type Es2Pki = {
  readonly ca: string
  readonly server: KeyedCertificate
  readonly client: KeyedCertificate
}

type Needs = Pick<Config, 'dataDir' | 'publicUrl' | 'rspPki' | 'es2'>

/** @throws CannotStart when a file that is named cannot be read. */
export async function openEs2Pki(config: Needs, nowMs: number): Promise<Es2Pki> {
  const folder = config.es2?.pki ?? (await foundOrMade(config, nowMs))
  const read = (name: string) => readText(join(folder, name))
  const pair = async (name: string): Promise<KeyedCertificate> => ({
    cert: await read(`${name}.pem`),
    key: await read(`${name}-key.pem`),
  })
  return { ca: await read('ca.pem'), server: await pair('server'), client: await pair('client') }
}

async function foundOrMade({ dataDir, publicUrl, rspPki }: Needs, nowMs: number): Promise<string> {
  const laid = join(rspPki ?? join(dataDir, 'rsp'), 'es2')
  if (await isThere(join(laid, 'ca.pem'))) return laid
  const folder = join(dataDir, 'es2')
  if (await isThere(join(folder, 'ca.pem'))) return folder
  await mkdir(dataDir, { recursive: true })
  const draft = await mkdtemp(`${folder}-draft-`)
  const { hostname } = new URL(publicUrl)
  await writeEs2(draft, { host: hostname, smdpOid: '2.999.10', nowMs })
  await rename(draft, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true })
    // Another process was faster.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return folder
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CannotStart(`${path} cannot be read (${error.code}).`)
  })
}
