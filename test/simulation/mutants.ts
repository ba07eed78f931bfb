/** Bugs to plant one at a time: each is a mistake somebody could make, as the edit that makes it. */
export type Edit = { file: string; find: string; replace: string }
export type Mutant = { name: string; mistake: string; edits: readonly Edit[] }

const closure = (file: string) => `src/closure/${file}`

export const mutants: readonly Mutant[] = [
  {
    name: 'drop-idempotency-key',
    mistake: 'a request that is sent twice is done twice',
    edits: [
      {
        file: 'src/platform/idempotency.ts',
        find: `    if (!key || request.method === 'GET'`,
        replace: `    if (key || request.method === 'GET'`,
      },
    ],
  },
  {
    name: 'commit-before-call',
    mistake: 'a step is recorded as done, and only then asked of the partner',
    edits: [
      {
        file: closure('steps.ts'),
        find: `    outcome = (await step.isDone(context)) ?? (await step.perform(context))`,
        replace: `    outcome = (await step.isDone(context)) ?? { state: 'succeeded', asked: 'later' }`,
      },
      {
        file: closure('steps.ts'),
        find: `      outcome: one.outcome ?? all[index]!.performed,\n    }))\n  })`,
        replace: `      outcome: one.outcome ?? all[index]!.performed,\n    }))\n  })
  for (const { context, performed: outcome } of outcomes)
    if (outcome['asked'] === 'later') await step.perform(context)`,
      },
    ],
  },
  {
    name: 'forget-row-version',
    mistake: 'a change is written although the case has moved on since it was decided',
    edits: [
      {
        file: closure('store.ts'),
        find: `\n      and c.version = x.version`,
        replace: '',
      },
      {
        file: closure('steps.ts'),
        find: `loaded.filter(({ c }) => versions.get(c.caseId) === c.version)`,
        replace: `loaded.filter(({ c }) => versions.has(c.caseId))`,
      },
    ],
  },
  {
    name: 'swap-refund-and-terminate',
    mistake: 'the money goes back before service has ended',
    edits: [
      {
        file: closure('steps.ts'),
        find: `          ending: endingSteps(facts, c.choices),\n          settling,`,
        replace: `          ending: settling.slice(0, -2),
          settling: [...endingSteps(facts), ...settling.slice(-2)],`,
      },
    ],
  },
  {
    name: 'ignore-late-record',
    mistake: 'a usage record of a closed line is taken and thrown away',
    edits: [
      {
        file: 'src/usage/intake.ts',
        find: `    charges.push({ record, rated })`,
        replace: `    if (!closed) charges.push({ record, rated })`,
      },
    ],
  },
  {
    name: 'retry-without-asking',
    mistake: 'a refund whose outcome is unknown is asked for again without looking first',
    edits: [
      {
        file: closure('steps/refund.ts'),
        find: `    if (!found) return undefined\n    const { requestedAt }`,
        replace: `    if (!found || found) return undefined\n    const { requestedAt }`,
      },
    ],
  },
  {
    name: 'forget-to-enqueue',
    mistake: 'a case enters a state and nobody is told to go on',
    edits: [
      {
        file: closure('enter-store.ts'),
        find: `      wake: true,`,
        replace: `      wake: false,`,
      },
    ],
  },
  {
    name: 'double-enqueue',
    mistake: 'one change of a case enqueues its next job twice',
    edits: [
      {
        file: closure('store.ts'),
        find: `  if (waking === 'jobs') await wakeCases(trx, app, woken)`,
        replace: `  if (waking === 'jobs') await wakeCases(trx, app, [...woken, ...woken])`,
      },
    ],
  },
  {
    name: 'release-number-at-once',
    mistake: 'a closed line gives its number to the next one right away',
    edits: [
      {
        file: closure('steps/line.ts'),
        find: `  return numberKeptUntil(policy, now)`,
        replace: `  return now.add({ seconds: 1 })`,
      },
    ],
  },
  {
    name: 'mail-before-commit',
    mistake: 'a message is sent off outside of the transaction that makes it true',
    edits: [
      {
        file: closure('enter-store.ts'),
        find: `  await notifyAll(\n    trx,\n    app,\n    all.map(`,
        replace: `  const early = (requests: Parameters<typeof notifyAll>[2]) =>
    app.db.transaction().execute((own) => notifyAll(own, app, requests))
  await early(\n    all.map(`,
      },
    ],
  },
  {
    name: 'keep-the-session-open',
    mistake: 'an account closes and its devices stay signed in',
    edits: [
      {
        file: 'src/subscribers/store.ts',
        find: `  await forgetSignIn(trx, subscriberId, aliases)\n`,
        replace: '',
      },
      {
        file: 'src/subscribers/store.ts',
        find: `  const aliases = released.map(({ value }) => aliasOfBlind(value))\n`,
        replace: '',
      },
      // What every feature leaves over is erased as well: that must be forgotten, too.
      {
        file: 'src/subscribers/closing.ts',
        find: `    sign_in_session: {\n      through: ofUser,\n      erase: 'rows',\n`,
        replace: `    sign_in_session: {\n      through: ofUser,\n`,
      },
      {
        file: 'src/subscribers/closing.ts',
        find: `    sign_in_user: {\n      erase: 'rows',\n`,
        replace: `    sign_in_user: {\n`,
      },
    ],
  },
  {
    name: 'leave-charging-open',
    mistake: 'a line closes and its charging sessions keep what was set aside for them',
    edits: [
      {
        file: 'src/usage/nchf/closing-store.ts',
        find: `    where p.open_sessions > 0 order by`,
        replace: `    where p.open_sessions > 99 order by`,
      },
    ],
  },
  {
    name: 'pay-out-without-asking',
    mistake:
      'a payout whose outcome is unknown is made again under a key the provider has forgotten',
    edits: [
      {
        file: closure('steps/payout.ts'),
        find: `    if (!found) return undefined\n    return found.state`,
        replace: `    if (!found || found) return undefined\n    return found.state`,
      },
    ],
  },
  {
    name: 'skip-the-cooling-off',
    mistake: 'the waiting time of a policy is not waited for',
    edits: [
      {
        file: closure('closure.ts'),
        find: `  if (Temporal.Instant.compare(until, around.now) <= 0)\n    return enterReview`,
        replace: `  return enterReview`,
      },
    ],
  },
  {
    name: 'leave-the-profile-open',
    mistake: 'a closed line can still be downloaded',
    edits: [
      {
        file: closure('steps/line.ts'),
        find: `    const removals = await endProfiles(trx, ending)`,
        replace: `    const removals = new Map(ending.map(({ iccid }) => [iccid, 'unconfirmed']))`,
      },
    ],
  },
  {
    name: 'withdraw-too-late',
    mistake: 'a closure can be taken back after service began to end',
    edits: [
      {
        file: closure('closure.ts'),
        find: `  'scheduled',\n  'needs_customer',\n  'on_hold',\n  'frozen',\n])`,
        replace: `  'scheduled',\n  'executing',\n  'needs_customer',\n  'on_hold',\n  'frozen',\n])`,
      },
    ],
  },
  {
    name: 'believe-in-every-refund',
    mistake: 'a refund to a dead card is booked as if it had arrived',
    edits: [
      {
        file: closure('steps/refund.ts'),
        find: `return state === 'succeeded' || state === 'charged-back'`,
        replace: `return state !== undefined`,
      },
      {
        file: closure('steps/refund.ts'),
        find: `ended: one.performed.state }`,
        replace: `ended: one.performed.state === 'charged-back' ? 'charged-back' as const : 'succeeded' as const }`,
      },
    ],
  },
  {
    name: 'forget-the-owner',
    mistake: 'an order is found by its name, whoever asks',
    edits: [
      {
        file: 'src/payments/order-store.ts',
        find: `    .where('subscriber_id', '=', subscriberId)
    .where('order_id', '=', orderId)

type Row`,
        replace: `    .where('order_id', '=', orderId)

type Row`,
      },
    ],
  },
  {
    name: 'forget-whose-ticket',
    mistake: 'a ticket is found by its number, whoever asks',
    edits: [
      {
        file: 'src/tickets/store.ts',
        find: `    .where('subscriber_id', '=', subscriberId)
    .where('ticket_id', '=', ticketId)
    .execute()
  const [ticket]`,
        replace: `    .where('ticket_id', '=', ticketId)
    .execute()
  const [ticket]`,
      },
    ],
  },
  {
    name: 'take-a-penny-more',
    mistake: 'a charge takes more from the credit than its records say',
    edits: [
      {
        file: 'src/usage/transfer.ts',
        find: `    const paid = total(({ rated }) => rated.paid)\n`,
        replace: `    const paid = total(({ rated }) => rated.paid) + 1n\n`,
      },
    ],
  },
  {
    name: 'choke-on-late-records',
    mistake: 'a record of a closed line fails whenever it comes, and is never answered',
    edits: [
      {
        file: 'src/usage/intake.ts',
        find: `    charges.push({ record, rated })`,
        replace: `    if (line.state === 'closed') throw new Error('closed')\n    charges.push({ record, rated })`,
      },
    ],
  },
  {
    name: 'keep-the-key',
    mistake: 'a category is erased on its day, and the key that opens its backups is kept',
    edits: [
      {
        file: closure('retention-store.ts'),
        find: `await destroyKeys(trx, [subscriberId], one, now)`,
        replace: `await Promise.resolve()`,
      },
    ],
  },
  {
    name: 'ask-and-forget',
    mistake: 'an answer is waited for, and nobody ever asks again',
    edits: [
      {
        file: closure('closure.ts'),
        find: `      return unanswered(c, around)`,
        replace: `      return { kind: 'rest' }`,
      },
    ],
  },
  {
    name: 'forget-to-suspend',
    mistake: 'a line is suspended here, and the network is not told',
    edits: [
      {
        file: 'src/lines/access-steps.ts',
        find: `  if (move === 'suspend') await network.suspend(imsi, key)\n`,
        replace: '',
      },
    ],
  },
]

/** The source with the bug in it; throws when an edit does not fit exactly once. */
export function plant(source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { file, find, replace }) => {
    const parts = text.split(find)
    if (parts.length !== 2)
      throw new Error(`${file} has ${parts.length - 1} places for this edit, not one: ${find}`)
    return parts.join(replace)
  }, source)
}
