/** The commands `violet grants …`. */
import type { Command } from 'commander'
import type { GrantFlags } from './grants.ts'

export function addGrants(
  program: Command,
  outcome: { code: number },
  withPlace: (command: Command) => Command,
): void {
  const grants = program.command('grants').description('promotional credit for many lines')
  withPlace(grants.command('give'))
    .description(
      'give each line of a file its amount, all or none, once under a campaign’s name; ' +
        '0 given, 1 a row is bad and nothing was given',
    )
    .argument('<file>', 'CSV with the columns amount, currency, and lineId or msisdn')
    .requiredOption('--campaign <name>', 'given again under the same name, a line has it once')
    .option('--note <text>', 'for the audit trail', 'given on the command line')
    .option('--rejects <file>', 'where bad rows go (default: beside the file)')
    .action(async (path: string, { data, ...flags }: GrantFlags & { data?: string }) => {
      const { grantsGiveCommand, readGrantFile } = await import('./grants.ts')
      const file = readGrantFile(path, flags)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await grantsGiveCommand(databaseUrl, path, file, flags)
      })
    })
}
