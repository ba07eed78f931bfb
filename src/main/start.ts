/** `npm start`: database, demo partners, server and workers, started and stopped as one platform. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import {
  checkout,
  type Config,
  databaseUrl as checkDatabaseUrl,
  type Environment,
  parseConfig,
  parsePlaces,
} from '../platform/config.ts'
import { openLog } from '../platform/log.ts'
import { migrate } from '../platform/migrate.ts'
import { runMain } from '../platform/process.ts'
import { openSecrets } from '../platform/secrets.ts'
import { type Children, openChildren, type Program } from './launch-children.ts'
import { type Database, openDatabaseFor } from './launch-database.ts'
import {
  compileCache,
  endLeftovers,
  holdDataFolder,
  noteChildren,
  openDataFolder,
} from './launch-folder.ts'
import { parseStartFlags, startHelp, type StartOptions } from './launch-options.ts'
import { refuseTakenPorts } from './launch-ports.ts'
import { type Staff, startTable } from './launch-table.ts'

export type Platform = {
  config: Config
  staff: readonly Staff[]
  database: string
  startedMs: number
  reload: () => void // the server and workers read their code again
  killChildren: () => void
  stop: () => Promise<void>
}

type Upgrade = { upgrade: (config: Config) => Promise<void> }
type Seed = { seed: (config: Config) => Promise<void>; staffToShow: readonly Staff[] }

const PARTNERS = ['payments', 'network', 'phone', 'inbox', 'porting']

/** Starts everything for a program that needs a platform for a while; Ctrl-C stops that first. */
export async function startPlatform(options: StartOptions): Promise<Platform> {
  const stopping = new AbortController()
  let platform: Platform | undefined
  const leave = () => {
    stopping.abort()
    void platform?.stop().finally(() => process.exit(130))
  }
  process.on('SIGINT', leave).on('SIGTERM', leave)
  const forget = () => process.off('SIGINT', leave).off('SIGTERM', leave)
  try {
    platform = await launchPlatform(options, stopping.signal, checkout)
  } catch (error) {
    forget()
    throw error
  }
  const { stop } = platform
  return { ...platform, stop: () => stop().finally(forget) }
}

/** Resolves when the first page answers; `root` is where the programs lie. */
async function launchPlatform(
  options: StartOptions,
  signal: AbortSignal,
  root: string,
): Promise<Platform> {
  const began = performance.now()
  const given = environmentOf(options)
  const places = parsePlaces(given)
  const external = given['DATABASE_URL'] && checkDatabaseUrl(given['DATABASE_URL'])
  openDataFolder(places.dataDir)
  const cleanUp = new AsyncDisposableStack()
  try {
    cleanUp.defer(await holdDataFolder(places.dataDir, places.publicUrl))
    await endLeftovers(places.dataDir)
    await refuseTakenPorts(places, options.demo)
    const log = openLog(places, 'start')
    const filled = {
      ...(options.demo && { VIOLET_PORTING_URL: places.portingUrl }),
      ...given,
      ...openSecrets(places.dataDir, given),
    }

    const logFolder = join(places.dataDir, 'logs')
    const changed = (running: { name: string; pid: number }[]) =>
      noteChildren(places.dataDir, running)
    const children = openChildren({ log, logFolder, changed })
    // Compiled once for all starts: most of a start is Node reading the same files again.
    const cache = compileCache(places.dataDir)
    if (cache) enableCompileCache(cache)
    const seeding = options.demo ? loadSeed(root) : undefined
    const upgrading = loadUpgrade(root)
    const partners = options.demo ? PARTNERS.map((name) => partner(name, filled, root)) : []
    const partnersUp = Promise.all(partners.map((one) => children.start(one)))
    // Awaited below; until then a failure must not count as unhandled.
    partnersUp.catch(() => {})
    const database = openDatabaseFor(places, external, log)
    cleanUp.defer(() => database.stop())
    cleanUp.defer(() => children.stop(PARTNERS))

    const config = parseConfig({ ...filled, DATABASE_URL: await database.start() })
    signal.throwIfAborted()
    const { applied } = await migrate(config.databaseUrl, join(root, 'migrations'))
    const { upgrade } = await upgrading
    await upgrade(config)
    log.info({ applied }, 'database is up to date')
    const own = ownPrograms(options, { ...filled, DATABASE_URL: config.databaseUrl }, root)
    const names = own.map(({ name }) => name)
    cleanUp.defer(() => children.stop(names))
    const seeded = seeding ? seedDemo(config, seeding) : []
    const ownUp = own.map((one) => children.start(one))
    const [staff] = await untilAborted(signal, Promise.all([seeded, partnersUp, ...ownUp]))
    const startedMs = performance.now() - began
    log.info({ port: config.port, startedMs }, 'platform is up')
    return platformOf({ config, staff, database, startedMs, children, names, cleanUp })
  } catch (error) {
    await cleanUp.disposeAsync()
    throw error
  }
}

type Parts = Pick<Platform, 'config' | 'staff' | 'startedMs'> & {
  database: Database
  children: Children
  names: string[]
  cleanUp: AsyncDisposableStack
}

function platformOf({ database, children, names, cleanUp, ...shown }: Parts): Platform {
  let stopped: Promise<void> | undefined
  return {
    ...shown,
    database: database.description,
    reload: () => children.restart(names),
    killChildren: children.killNow,
    // Asked twice, both wait for the same end.
    stop: () => (stopped ??= cleanUp.disposeAsync()),
  }
}

function environmentOf({ port, dataDir }: StartOptions): Environment {
  return {
    ...process.env,
    ...(port === undefined ? {} : { VIOLET_PORT: String(port) }),
    ...(dataDir === undefined ? {} : { VIOLET_DATA: dataDir }),
  }
}

/** All variables spelled out, so that a child's defaults can never differ from ours. */
function childEnvironment(env: Environment): NodeJS.ProcessEnv {
  const places = parsePlaces(env)
  return {
    ...env,
    VIOLET_PORT: String(places.port),
    VIOLET_DATA: places.dataDir,
    VIOLET_PUBLIC_URL: places.publicUrl,
    VIOLET_PAYMENTS_URL: places.paymentsUrl,
    VIOLET_NETWORK_URL: places.networkUrl,
    VIOLET_PHONE_URL: places.phoneUrl,
    VIOLET_INBOX_URL: places.inboxUrl,
    VIOLET_SMTP_URL: places.smtpUrl,
    VIOLET_SMS_URL: places.smsUrl,
    VIOLET_LOG: places.logLevel,
    NODE_COMPILE_CACHE: env['NODE_COMPILE_CACHE'] ?? compileCache(places.dataDir),
  }
}

function partner(name: string, env: Environment, root: string): Program {
  const theirs = childEnvironment(env)
  // What is ours alone.
  for (const name of ['DATABASE_URL', 'VIOLET_MASTER_KEY', 'VIOLET_MASTER_KEYS_FORMER'])
    delete theirs[name]
  return { name, script: join(root, 'simulators', name, 'server.ts'), env: theirs }
}

function ownPrograms({ workers }: StartOptions, env: Environment, root: string): Program[] {
  const program = (name: string, file: string): Program => ({
    name,
    script: join(root, 'src', 'main', file),
    env: childEnvironment(env),
  })
  const one = workers === 1
  const names = Array.from({ length: workers }, (_, i) => (one ? 'worker' : `worker-${i + 1}`))
  return [program('server', 'server.ts'), ...names.map((name) => program(name, 'worker.ts'))]
}

function loadUpgrade(root: string): Promise<Upgrade> {
  const upgrading = import(join(root, 'src', 'main', 'upgrade.ts')) as Promise<Upgrade>
  upgrading.catch(() => {})
  return upgrading
}

function loadSeed(root: string): Promise<Seed> {
  const seeding = import(join(root, 'src', 'main', 'seed.ts')) as Promise<Seed>
  // Awaited later; until then a failure must not count as unhandled.
  seeding.catch(() => {})
  return seeding
}

async function seedDemo(config: Config, seeding: Promise<Seed>): Promise<readonly Staff[]> {
  const { seed, staffToShow } = await seeding
  await seed(config)
  return staffToShow
}

async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  return await new Promise((done, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true })
    work.then(done, fail)
  })
}

/** The whole command: start, show, wait for Ctrl-C, stop. */
export async function start(args: string[], root = checkout): Promise<number> {
  const options = parseStartFlags(args)
  if (!options) {
    process.stdout.write(startHelp)
    return 0
  }
  const stopping = new AbortController()
  let platform: Platform | undefined
  let askedAt = 0
  // Before anything runs: a signal in between would leave an orphan.
  const ask = () => {
    // npm passes on the Ctrl-C that the terminal already sent; a later one means "now".
    if (askedAt > 0 && Date.now() - askedAt > 1500) platform?.killChildren()
    askedAt ||= Date.now()
    stopping.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(name, ask)
  // Started by another program of ours, it lasts as long as that one, which need not wait for it.
  process.channel?.unref()
  process.stdout.on('error', () => {})
  try {
    platform = await launchPlatform(options, stopping.signal, root)
    process.stdout.write(startTable(shownOf(platform, options)))
    process.on('SIGUSR2', platform.reload)
    await untilAborted(stopping.signal, new Promise(() => {})).catch(() => {})
    await platform.stop()
  } catch (error) {
    // Ctrl-C while starting also reaches children that do not yet know how to wait for us.
    if (!stopping.signal.aborted) throw error
  }
  return 0
}

const shownOf = ({ config, ...platform }: Platform, { demo, workers }: StartOptions) => ({
  name: demo ? 'Violet Mobile' : 'Violet',
  url: config.publicUrl,
  nchfUrl: config.nchf.url,
  ...(demo
    ? {
        demo: {
          paymentsUrl: config.payments.url,
          networkUrl: config.network.url,
          phoneUrl: config.phoneUrl,
          inboxUrl: config.inboxUrl,
          portingUrl: config.portingUrl,
        },
      }
    : {}),
  staff: platform.staff,
  dataDir: config.dataDir,
  database: platform.database,
  workers,
  startedMs: platform.startedMs,
})

if (import.meta.main) {
  await runMain(() => start(process.argv.slice(2)))
  process.exit()
}
