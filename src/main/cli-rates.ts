/** The commands `violet rates …`. */
import type { Command } from 'commander'

type Place = { data?: string; json: boolean }

export function addRates(
  program: Command,
  outcome: { code: number },
  withPlace: (command: Command) => Command,
): void {
  const rates = program
    .command('rates')
    .description('what small balances are changed for at the end (docs/exchange.md)')
  withPlace(rates.command('import'))
    .description('take a CSV file of rates in, whole or not at all; 0 all are in, 1 a row is bad')
    .argument('<file>', 'columns from, into, rate, asOf, validUntil, atMost, source')
    .option('--rejects <file>', 'where bad rows go (default: beside the file)')
    .action(async (file: string, { data, ...flags }: Place & { rejects?: string }) => {
      const { ratesImportCommand, readRateFile } = await import('./rates.ts')
      const read = readRateFile(file)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async ({ databaseUrl }) => {
        outcome.code = await ratesImportCommand(databaseUrl, file, read, flags)
      })
    })
  withPlace(rates.command('list'))
    .description('the newest of each pair, and until when it is quoted')
    .action(async ({ data, json }: Place) => {
      const { ratesListCommand } = await import('./rates.ts')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, ({ databaseUrl }) => ratesListCommand(databaseUrl, json))
    })
}
