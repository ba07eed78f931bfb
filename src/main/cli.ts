/** The command line `violet`: one program to start, prepare, try and verify. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { checkout, type Config } from '../platform/config.ts'
import type { Migrated } from '../platform/migrate.ts'
import { runMain } from '../platform/process.ts'
import { addClosure } from './cli-closure.ts'
import { addGrants } from './cli-grants.ts'
import { addRates } from './cli-rates.ts'
import type { PkiOptions } from '../esim/pki-gateway.ts'
import type { MakeFlags } from './profiles.ts'
import type { ReportOptions } from './erasure.ts'
import type { CouponFlags } from './coupons.ts'
import type { UsageImportOptions } from './usage.ts'

// Each command loads what it needs: `violet verify` must not wait for a database driver.
type Outcome = { code: number }
type Place = { data?: string; json: boolean }

export function violet(outcome: Outcome): Command {
  const program = new Command('violet')
    .description('Self-hosted platform for eSIM operators: join, change, and leave, with proof.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(see --help)')
    .enablePositionalOptions()
    .exitOverride()
  addStart(program, outcome)
  addMigrate(program)
  addSeed(program)
  addDemo(program, outcome)
  addVerify(program, outcome)
  addUsage(program, outcome)
  addPki(program, outcome)
  addLedger(program, outcome)
  addNetwork(program, outcome)
  addPolicy(program, outcome)
  addNumbers(program, outcome)
  addCoupons(program, outcome)
  addGrants(program, outcome, withPlace)
  addRates(program, outcome, withPlace)
  addClosure(program, outcome, withPlace)
  addProfiles(program)
  addKeys(program)
  addErasure(program, outcome)
  return program
}

function addStart(program: Command, outcome: Outcome): void {
  program
    .command('start')
    .description('start the platform (violet start --help)')
    .argument('[options...]')
    // Its flags are those of `npm start`, read in one place.
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (flags: string[]) => {
      const { start } = await import('./start.ts')
      outcome.code = await start(flags)
    })
}

const withPlace = (command: Command): Command =>
  command
    .option('--data <folder>', 'the data folder (default .violet in the checkout, or VIOLET_DATA)')
    .option('--json', 'print one JSON object', false)

function addMigrate(program: Command): void {
  withPlace(program.command('migrate'))
    .description('bring the database up to this version; needs DATABASE_URL or the embedded one')
    .action(async ({ data, json }: Place) => {
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async (_config, migrated) => {
        print(json, { ...migrated }, sentence(migrated))
      })
    })
}

function addSeed(program: Command): void {
  withPlace(program.command('seed'))
    .description('bring in the demo operator, its catalog and its staff; repeating changes nothing')
    .action(async ({ data, json }: Place) => {
      const { withConfig } = await import('./with-config.ts')
      const { seed, staffToShow } = await import('./seed.ts')
      await withConfig(data, async (config: Config) => {
        await seed(config)
        const staff = staffToShow.map(({ role, email }) => `${role.padEnd(12)} ${email}`)
        print(json, { seeded: true, staff: staffToShow }, `Seeded. Staff:\n${staff.join('\n')}`)
      })
    })
}

function addDemo(program: Command, outcome: Outcome): void {
  program
    .command('demo')
    .description('play joining and leaving, against a running platform or one started for it')
    .option('--url <address>', 'the platform to use (default: the one that runs, or a new one)')
    .option('--json', 'end with one JSON object', false)
    .action(async (options: { url?: string; json: boolean }) => {
      const { demo } = await import('./demo.ts')
      outcome.code = await demo(options)
    })
}

function addVerify(program: Command, outcome: Outcome): void {
  program
    .command('verify')
    .description('check a closure certificate (PDF or JSON) offline; 0 valid, 1 not valid')
    .argument('<file>', 'the certificate')
    .option('--keys <url|file>', 'where the operator’s published keys are (JWKS)')
    .option('--json', 'print one JSON object', false)
    .action(async (file: string, options: { keys?: string; json: boolean }) => {
      const { verifyCommand } = await import('./verify.ts')
      outcome.code = await verifyCommand(file, options)
    })
}

function addKeys(program: Command): void {
  const keys = program.command('keys').description('keys of personal data')
  withPlace(keys.command('rotate'))
    .description('wrap every data key by VIOLET_MASTER_KEY; VIOLET_MASTER_KEYS_FORMER opens them')
    .action(async ({ data, json }: Place) => {
      const { withConfig } = await import('./with-config.ts')
      const { keysRotateCommand } = await import('./keys.ts')
      await withConfig(data, (config: Config) => keysRotateCommand(config, json))
    })
}

function addErasure(program: Command, outcome: Outcome): void {
  const erasure = program.command('erasure').description('what is left of a closed account')
  const collect = (one: string, before: string[]) => [...before, one]
  withPlace(erasure.command('report'))
    .description('look for readable personal data in tables, queue and logs; 0 none, 1 some')
    .argument('[subscriber]', 'the closed subscriber’s id')
    .option('--case <reference>', 'the closure’s reference instead')
    .option(
      '--value <text>',
      'something to look for besides what is known; repeatable',
      collect,
      [],
    )
    .action(async (subscriber: string | undefined, options: Place & ReportOptions) => {
      const { withConfig } = await import('./with-config.ts')
      const { erasureReportCommand } = await import('./erasure.ts')
      await withConfig(options.data, async (config: Config) => {
        outcome.code = await erasureReportCommand(config, subscriber, options)
      })
    })
}

function addPki(program: Command, outcome: Outcome): void {
  program
    .command('pki')
    .description('certificates for remote provisioning')
    .command('init')
    .description('make a test CI with SM-DP+, TLS and eUICC certificates; for test eUICCs only')
    .argument('<folder>', 'where to; it must be empty or new')
    .option('--host <name>', 'the SM-DP+’s host name', 'localhost')
    .option('--oid <oid>', 'the SM-DP+’s object identifier', '2.999.10')
    .option('--euiccs <n>', 'how many test eUICCs get a certificate', '4')
    .option('--json', 'print one JSON object', false)
    .action(async (folder: string, options: PkiOptions & { oid: string; json: boolean }) => {
      const { pkiCommand } = await import('./pki.ts')
      outcome.code = await pkiCommand(folder, { ...options, smdpOid: options.oid })
    })
}

function addLedger(program: Command, outcome: Outcome): void {
  const ledger = program.command('ledger').description('prove the books, see what they hold')
  withPlace(ledger.command('check'))
    .description('prove every transfer and balance; 0 clean, 1 with what differs')
    .action(async ({ data, json }: Place) => {
      const { withConfig } = await import('./with-config.ts')
      const { ledgerCheckCommand } = await import('./ledger.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await ledgerCheckCommand(databaseUrl, json)
      })
    })
  withPlace(ledger.command('balances'))
    .description('what each account holds over all subscribers')
    .option('--again', 'sum every day anew instead of trusting the sums that are kept', false)
    .action(async ({ data, json, again }: Place & { again: boolean }) => {
      const { withConfig } = await import('./with-config.ts')
      const { ledgerBalancesCommand } = await import('./ledger.ts')
      await withConfig(data, ({ databaseUrl }) =>
        ledgerBalancesCommand(databaseUrl, { json, again }),
      )
    })
}

function addNetwork(program: Command, outcome: Outcome): void {
  const network = program.command('network').description('the mobile network')
  withPlace(network.command('reconcile'))
    .description(
      'compare lines with the network’s register both ways and mend the register; 0 they agree or were mended, ' +
        '1 something still differs (docs/network.md)',
    )
    .option('--dry-run', 'say what differs and change nothing', false)
    .option('--most <n>', 'delete at most so many subscribers that no line here has', '100')
    .action(async ({ data, most, ...flags }: Place & { dryRun: boolean; most: string }) => {
      const { networkReconcileCommand, parseMost } = await import('./network.ts')
      const wanted = { ...flags, most: parseMost(most) }
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async (config: Config) => {
        outcome.code = await networkReconcileCommand(config, wanted)
      })
    })
}

function addProfiles(program: Command): void {
  const profiles = program.command('profiles').description('the stock of the embedded SM-DP+')
  withPlace(profiles.command('make'))
    .description('make profiles that wait for an order over ES2+')
    .requiredOption('--count <n>', 'how many')
    .option('--owner <oid>', 'the function requester that may order them', '2.999.20')
    .option('--type <name>', 'the profile type they are ordered by', 'violet-test-usim')
    .action(async ({ data, ...flags }: Place & MakeFlags) => {
      const { profilesMakeCommand, readMakeFlags } = await import('./profiles.ts')
      const wanted = readMakeFlags(flags)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, (config) => profilesMakeCommand(config, wanted, flags.json))
    })
  withPlace(profiles.command('import'))
    .description('take in the profiles that a third party’s SM-DP+ has for us (docs/es2.md)')
    .argument('<file>', 'columns iccid, imsi, and k, opc where the network is told; CSV')
    .action(async (file: string, { data, json }: Place) => {
      const { profilesImportCommand, readDeliveryFile } = await import('./profiles.ts')
      const rows = readDeliveryFile(file)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, (config) => profilesImportCommand(config, rows, json))
    })
  withPlace(profiles.command('list'))
    .description('how many profiles there are, by owner, type and state')
    .action(async ({ data, json }: Place) => {
      const { profilesListCommand } = await import('./profiles.ts')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, (config) => profilesListCommand(config, json))
    })
}

function addNumbers(program: Command, outcome: Outcome): void {
  const numbers = program.command('numbers').description('the inventory of telephone numbers')
  withPlace(numbers.command('import'))
    .description(
      'take a CSV file of numbers in, whole or not at all; 0 all are in, 1 a row is bad (docs/numbers.md)',
    )
    .argument('<file>', 'columns msisdn, country, type; the first line names them')
    .option('--rejects <file>', 'where bad rows go (default: beside the file)')
    .action(async (file: string, { data, rejects, json }: Place & { rejects?: string }) => {
      const { numbersImportCommand, readNumberFile } = await import('./numbers.ts')
      const read = readNumberFile(file)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await numbersImportCommand(databaseUrl, file, read, { rejects, json })
      })
    })
  withPlace(numbers.command('list'))
    .description(
      'how many there are by country and type: available, reserved, assigned, quarantined, ported out',
    )
    .action(async ({ data, json }: Place) => {
      const { numbersListCommand } = await import('./numbers.ts')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, ({ databaseUrl }) => numbersListCommand(databaseUrl, json))
    })
}

function addCoupons(program: Command, outcome: Outcome): void {
  const coupons = program.command('coupons').description('codes that give promotional credit')
  withPlace(coupons.command('create'))
    .description('make a coupon and print its code; 0 made, 1 there is one of that code already')
    .requiredOption('--amount <decimal>', 'what it gives, such as 5.00')
    .requiredOption('--currency <code>', 'ISO 4217; only lines of it can use the coupon')
    .requiredOption('--until <day>', 'its last day (UTC), such as 2027-01-31')
    .option('--uses <n>', 'how many subscribers can use it, each once', '1')
    .option('--code <text>', 'your own code (default: one that nobody guesses)')
    .option('--note <text>', 'for the audit trail', 'made on the command line')
    .action(async ({ data, json, ...flags }: Place & CouponFlags) => {
      const { couponsCreateCommand, readCoupon } = await import('./coupons.ts')
      const coupon = readCoupon(flags, Temporal.Now.instant())
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await couponsCreateCommand(databaseUrl, coupon, json)
      })
    })
  withPlace(coupons.command('list'))
    .description('every coupon, the newest first, and how often it was used')
    .action(async ({ data, json }: Place) => {
      const { couponsListCommand } = await import('./coupons.ts')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, ({ databaseUrl }) => couponsListCommand(databaseUrl, json))
    })
}

function addPolicy(program: Command, outcome: Outcome): void {
  const policy = program.command('policy').description('the rules of each country')
  policy
    .command('lint')
    .description(
      'check policy files: unknown fields, impossible combinations, what to have checked; ' +
        '0 no errors, 2 errors (docs/schemas/policy.v2.json)',
    )
    .argument('<files...>', 'policy documents or packs, JSON')
    .option('--json', 'print one JSON object', false)
    .action(async (files: string[], options: { json: boolean }) => {
      const { policyLintCommand } = await import('./policy.ts')
      outcome.code = policyLintCommand(files, options)
    })
  withPlace(policy.command('publish'))
    .description('make a checked file the next version of its country; open cases keep theirs')
    .argument('<file>', 'a policy document or pack, JSON')
    .option('--dry-run', 'say what would change and write nothing', false)
    .action(async (file: string, { data, ...flags }: Place & { dryRun: boolean }) => {
      const { draftOf, policyPublishCommand } = await import('./policy.ts')
      const { draft } = draftOf(file, 'XX')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await policyPublishCommand(databaseUrl, draft, flags)
      })
    })
  withPlace(policy.command('simulate'))
    .description('replay past closures under a draft: what differs in time, money and reviews')
    .requiredOption('--draft <file>', 'a policy document or pack, JSON')
    .option('--of <country>', 'whose closures (default: those of the draft’s country)')
    .action(async ({ data, draft, of, json }: Place & { draft: string; of?: string }) => {
      const { draftOf, policySimulateCommand } = await import('./policy.ts')
      const wanted = draftOf(draft, of)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await policySimulateCommand(databaseUrl, wanted.draft, {
          of: wanted.of,
          json,
        })
      })
    })
}

function addUsage(program: Command, outcome: Outcome): void {
  const usage = program.command('usage').description('usage records of the network')
  usage
    .command('import')
    .description(
      'take a CSV file of usage in, each record once; run again it goes on (docs/usage-import.md)',
    )
    .argument('<file>', 'one record a line, the first line names the columns')
    .option('--mapping <file>', 'JSON: columns, encoding, units, times')
    .option('--rejects <file>', 'where rejected lines go (default: beside the file)')
    .option('--data <folder>', 'the data folder (default .violet in the checkout, or VIOLET_DATA)')
    .option('--json', 'print one JSON object', false)
    .action(async (file: string, options: UsageImportOptions) => {
      const { usageImport } = await import('./usage.ts')
      outcome.code = await usageImport(file, options)
    })
}

const sentence = ({ applied, total }: Migrated): string =>
  applied.length === 0
    ? `The database is up to date (${total} migrations).`
    : `Applied ${applied.join(', ')}.`

function print(json: boolean, fields: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(fields) : text}\n`)
}

function version(): string {
  const text = readFileSync(join(checkout, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Runs the command line and gives the exit code: 2 for a command that cannot be understood. */
export async function run(args: readonly string[]): Promise<number> {
  const outcome: Outcome = { code: 0 }
  try {
    await violet(outcome).parseAsync(args, { from: 'user' })
    return outcome.code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has already printed its sentence; help that was asked for is no error.
    return error.exitCode === 0 ? 0 : 2
  }
}

if (import.meta.main) {
  await runMain(() => run(process.argv.slice(2)))
  process.exit()
}
