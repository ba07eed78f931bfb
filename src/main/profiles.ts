/** `violet profiles`: makes profiles that wait for an order, and says what the stock holds. */
import { readFileSync } from 'node:fs'
import { type DeliveredProfile, readDelivery } from '../esim/delivery.ts'
import { sealedKeys } from '../esim/rsp-store.ts'
import { makeProfiles } from '../esim/stock-steps.ts'
import { addDelivered, countStock, ownKind } from '../esim/stock-store.ts'
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

/** Reads the file before anything is opened. @throws CannotStart */
export function readDeliveryFile(path: string): DeliveredProfile[] {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new CannotStart(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  const read = readDelivery(text)
  if (!read)
    throw new CannotStart(`${path} must begin with a line that names iccid, imsi and maybe k, opc.`)
  const [first] = read.bad
  if (first)
    throw new CannotStart(
      `${path}, line ${first.line}: ${first.reason}. ${read.bad.length} bad rows; nothing was taken in.`,
    )
  if (read.rows.length === 0) throw new CannotStart(`${path} holds no profiles.`)
  return read.rows
}

/** Takes in what a vendor delivered, whole or not at all; what is known already stays as it is. */
export async function profilesImportCommand(
  config: Config,
  rows: readonly DeliveredProfile[],
  json: boolean,
  write = toStdout,
): Promise<void> {
  const db = openDatabase(openPool(config.databaseUrl, 1))
  try {
    const app = { config, ids: systemIds() }
    const made = rows.map(({ iccid, imsi, keys }) => ({
      iccid,
      imsi,
      subscription: keys ? sealedKeys(app, iccid, keys) : null,
    }))
    const added = await db
      .transaction()
      .execute((trx) => addDelivered(trx, systemClock.now(), ownKind(config), made))
      .catch((error: { constraint?: string }) => {
        if (error.constraint !== 'profile_stock_imsi_key') throw error
        throw new CannotStart('An IMSI of the file belongs to another ICCID; nothing was taken in.')
      })
    const fields = { added, known: rows.length - added, ...ownKind(config) }
    write(
      json
        ? `${JSON.stringify(fields)}\n`
        : `Added: ${added}. Known before: ${fields.known}. They are ordered as ${fields.profileType}.\n`,
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
