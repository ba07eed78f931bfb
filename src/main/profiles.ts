/** `violet profiles`: makes profiles that wait for an order, and says what the stock holds. */
import { makeProfiles } from '../esim/stock-steps.ts'
import { countStock } from '../esim/stock-store.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { CannotStart } from '../platform/process.ts'

type Write = (text: string) => void
const toStdout: Write = (text) => process.stdout.write(text)

export type MakeFlags = { count: string; owner: string; type: string; json: boolean }

/** Reads the flags before anything is opened. @throws CannotStart */
export function readMakeFlags({ count, owner, type }: MakeFlags) {
  const wanted = /^\d{1,7}$/.test(count) ? Number(count) : 0
  if (wanted < 1 || wanted > 1_000_000)
    throw new CannotStart(`--count ${count}: a number from 1 to 1000000 is expected.`)
  if (!/^[0-2](?:\.(?:0|[1-9]\d{0,8})){2,}$/.test(owner))
    throw new CannotStart(`--owner ${owner}: an object identifier such as 2.999.20 is expected.`)
  if (!/^[\x21-\x7e]{1,64}$/.test(type))
    throw new CannotStart(`--type ${type}: 1 to 64 characters without spaces are expected.`)
  return { count: wanted, kind: { owner, profileType: type } }
}

export async function profilesMakeCommand(
  config: Config,
  { count, kind }: ReturnType<typeof readMakeFlags>,
  json: boolean,
  write = toStdout,
): Promise<void> {
  const db = openDatabase(openPool(config.databaseUrl, 1))
  try {
    const iccids = await makeProfiles(
      { db, config, ids: systemIds(), clock: systemClock },
      kind,
      count,
    )
    const [first, last] = [iccids[0], iccids.at(-1)]
    const fields = { made: iccids.length, ...kind, first, last }
    write(
      json
        ? `${JSON.stringify(fields)}\n`
        : `Made ${new Intl.NumberFormat('en').format(iccids.length)} profiles of type ${kind.profileType}, ` +
            `for the function requester ${kind.owner}: ${first} to ${last}.\n`,
    )
  } finally {
    await db.destroy()
  }
}

export async function profilesListCommand(
  config: Config,
  json: boolean,
  write = toStdout,
): Promise<void> {
  const db = openDatabase(openPool(config.databaseUrl, 1))
  try {
    const stock = await countStock(db)
    write(json ? `${JSON.stringify({ stock })}\n` : tableOf(stock))
  } finally {
    await db.destroy()
  }
}

function tableOf(stock: Awaited<ReturnType<typeof countStock>>): string {
  if (stock.length === 0) return 'There are no profiles yet.\n'
  const figure = new Intl.NumberFormat('en')
  const rows = stock.map(({ owner, profileType, state, count, free }) => [
    owner,
    profileType,
    state,
    figure.format(count),
    figure.format(free),
  ])
  const table = [['owner', 'type', 'state', 'profiles', 'free'], ...rows]
  const widths = table[0]!.map((_, at) => Math.max(...table.map((row) => row[at]!.length)))
  const line = (row: string[]) =>
    row
      .map((cell, at) => (at < 3 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd()
  return `${table.map(line).join('\n')}\n`
}
