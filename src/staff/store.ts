/** Staff in the database: who may sign in to the console, and as what. */
import type { Role, StaffMember } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'

const people: readonly { staffId: string; name: string; email: string; role: Role }[] = [
  { staffId: 'staff_mara', name: 'Mara Lindqvist', email: 'admin@violet.example', role: 'admin' },
  {
    staffId: 'staff_amara',
    name: 'Amara Osei',
    email: 'reviewer@violet.example',
    role: 'reviewer',
  },
  {
    staffId: 'staff_jonas',
    name: 'Jonas Weber',
    email: 'reviewer2@violet.example',
    role: 'reviewer',
  },
  { staffId: 'staff_lin', name: 'Lin Yue', email: 'support@violet.example', role: 'support' },
  { staffId: 'staff_priya', name: 'Priya Raman', email: 'finance@violet.example', role: 'finance' },
  {
    staffId: 'staff_tomas',
    name: 'Tomás Rivera',
    email: 'auditor@violet.example',
    role: 'auditor',
  },
]

/** One member of every role, and a second reviewer; run again, it changes nothing. */
export async function seedStaff(db: Db | Trx, now: Temporal.Instant): Promise<void> {
  const members = people.map(({ staffId, name, email, role }) => ({
    staff_id: staffId,
    name,
    email,
    role,
    created_at: now,
  }))
  await db
    .insertInto('staff_member')
    .values(members)
    .onConflict((c) => c.doNothing())
    .execute()
  // Only addresses that are here can sign in to the console: its realm never signs anybody up.
  const addresses = people.map(({ name, email }) => ({ name, email, email_verified: true }))
  await db
    .insertInto('staff_sign_in_user')
    .values(addresses)
    .onConflict((conflict) => conflict.column('email').doNothing())
    .execute()
}

export async function memberOf(db: Db, email: string): Promise<StaffMember | undefined> {
  const row = await db
    .selectFrom('staff_member')
    .select(['staff_id', 'name', 'email', 'role', 'locale'])
    .where('email', '=', email)
    .where('active', '=', true)
    .executeTakeFirst()
  return (
    row && {
      staffId: row.staff_id,
      name: row.name,
      email: row.email,
      role: row.role as Role,
      locale: row.locale,
    }
  )
}

/** The names of staff by id, for lists that show who did something. */
export async function staffNames(
  db: Db | Trx,
  staffIds: readonly string[],
): Promise<Map<string, string>> {
  if (staffIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('staff_member')
    .select(['staff_id', 'name'])
    .where('staff_id', 'in', [...new Set(staffIds)])
    .execute()
  return new Map(rows.map(({ staff_id, name }) => [staff_id, name]))
}

/** Ends every console session of one member, as when a role is taken away. */
export async function signStaffOut(trx: Trx, email: string): Promise<void> {
  await trx
    .deleteFrom('staff_sign_in_session')
    .where('user_id', 'in', (query) =>
      query.selectFrom('staff_sign_in_user').select('id').where('email', '=', email),
    )
    .execute()
}
