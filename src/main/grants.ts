/** `violet grants give`: promotional credit for the lines of a file, all of them or none, once under a campaign's name. */
import { type GrantFile, isCampaign, readGrants } from '../payments/grant.ts'
import { type Campaign, giveGrants } from '../payments/grant-store.ts'
import { systemClock } from '../platform/clock.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { CannotStart } from '../platform/process.ts'
import { badReport, textOf, writeRejects } from './csv-file.ts'

export type GrantFlags = {
  campaign: string
  note: string
  rejects?: string | undefined
  json: boolean
}

/** @throws CannotStart for a name that is none, or a file without the columns it needs. */
export function readGrantFile(path: string, { campaign }: GrantFlags): GrantFile {
  if (!isCampaign(campaign))
    throw new CannotStart('--campaign must be 3 to 60 small letters, digits and dashes.')
  const file = readGrants(textOf(path))
  if (!file)
    throw new CannotStart(
      `${path} needs the columns amount, currency, and lineId or msisdn: the first line names them.`,
    )
  if (file.rows.length + file.bad.length === 0) throw new CannotStart(`${path} holds no rows.`)
  return file
}

/** 0: every line has it, or had it before; 1: a row is bad, and nothing was given. */
export async function grantsGiveCommand(
  url: string,
  path: string,
  file: GrantFile,
  { campaign, note, rejects = `${path}.rejects.csv`, json }: GrantFlags,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  const about: Campaign = { name: campaign, note }
  const db = openDatabase(openPool(url, 1))
  try {
    const { given, known, bad } = await giveGrants(db, systemIds(), systemClock.now(), about, file)
    const rejectsFile = bad.length > 0 ? rejects : null
    if (rejectsFile) writeRejects(rejectsFile, bad)
    if (json) write(`${JSON.stringify({ given, known, bad: bad.length, rejectsFile })}\n`)
    else if (rejectsFile) write(badReport(bad, rejectsFile))
    else write(`Given: ${given}. Had it before: ${known}.\n`)
    return bad.length > 0 ? 1 : 0
  } finally {
    await db.destroy()
  }
}
