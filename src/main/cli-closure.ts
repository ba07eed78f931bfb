/** The commands `violet closure …`. */
import type { Command } from 'commander'
import type { BulkAct, BulkFlags } from './closure.ts'

type Outcome = { code: number }
type Place = { data?: string; json: boolean }

export function addClosure(
  program: Command,
  outcome: Outcome,
  withPlace: (command: Command) => Command,
): void {
  const closure = program
    .command('closure')
    .description('many lines at once: propose, watch, pause, call off (docs/bulk-closure.md)')
  withPlace(closure.command('bulk'))
    .description(
      'propose that lines close; two members of staff approve it in the console. ' +
        '0 proposed, 1 some rows name no line',
    )
    .argument('[file]', 'CSV with a column lineId, msisdn, iccid or imsi')
    .option('--brand <name>', 'every line sold under this name')
    .option('--plan <id>', 'every line on this plan')
    .option('--on <date>', 'when service ends: a date, a moment or "now" (default: in 30 days)')
    .option(
      '--money <what>',
      'what becomes of paid credit: refund, keep or spend (default: what each policy offers first); a column "money" says it for one line',
    )
    .option('--reason <text>', 'why; every subscriber is told')
    .option('--dry-run', 'show what would happen and write nothing', false)
    .option('--outcomes <file>', 'write what the dry run says of each line, as CSV')
    .option('--cohort <lines>', 'how many lines are closed in one go', '1000')
    .option('--lanes <n>', 'how many cohorts are under way at once', '2')
    .option('--calls <n>', 'how many calls to partners a cohort has under way', '16')
    .option('--network-rate <n>', 'at most so many calls a second to the network')
    .option('--payments-rate <n>', 'at most so many calls a second to the payment provider')
    .action(async (file: string | undefined, { data, ...flags }: Place & BulkFlags) => {
      const { bulkCommand, bulkWanted } = await import('./closure.ts')
      const wanted = bulkWanted(file, flags)
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async (config) => {
        outcome.code = await bulkCommand(config, wanted, flags)
      })
    })
  withPlace(closure.command('show'))
    .description('how far a bulk closure is')
    .argument('<bulk>', 'its identifier')
    .option('--watch', 'follow it with a progress bar until it has ended', false)
    .action(async (bulkId: string, { data, ...flags }: Place & { watch: boolean }) => {
      const { bulkShowCommand } = await import('./closure.ts')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async (config) => {
        outcome.code = await bulkShowCommand(config, bulkId, flags)
      })
    })
  withPlace(closure.command('outcomes'))
    .description('what became of each row, as CSV')
    .argument('<bulk>', 'its identifier')
    .option('--out <file>', 'where to (default: the standard output)')
    .action(async (bulkId: string, { data, out }: Place & { out?: string }) => {
      const { bulkOutcomesCommand } = await import('./closure.ts')
      const { withConfig } = await import('./with-config.ts')
      await withConfig(data, async (config) => {
        outcome.code = await bulkOutcomesCommand(config, bulkId, out)
      })
    })
  addActs(closure, outcome, withPlace)
}

function addActs(
  closure: Command,
  outcome: Outcome,
  withPlace: (command: Command) => Command,
): void {
  for (const [act, description] of Object.entries(acts))
    withPlace(closure.command(act))
      .description(description)
      .argument('<bulk>', 'its identifier')
      .action(async (bulkId: string, { data }: Place) => {
        const { bulkActCommand } = await import('./closure.ts')
        const { withConfig } = await import('./with-config.ts')
        await withConfig(data, async (config) => {
          outcome.code = await bulkActCommand(config, act as BulkAct, bulkId)
        })
      })
}

const acts: Record<BulkAct, string> = {
  pause: 'begin nothing new',
  resume: 'go on after a pause',
  'call-off': 'give back every line whose service has not begun to end',
}
