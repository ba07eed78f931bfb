/** The quote of a closure and what is chosen on it, as the API shows them. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'

/** What may be done with one kind of money at the end. */
export const dispositionWire = z
  .enum(['refund', 'move', 'donate', 'keep', 'give-up'])
  .meta({ id: 'Disposition' })

const currencyCode = z.string().regex(/^[A-Z]{3}$/)

export const choicesWire = z
  .object({
    paid: z
      .object({
        disposition: dispositionWire,
        toLineId: z.string().optional(),
        spendFirst: z
          .literal(true)
          .optional()
          .describe(
            'Service goes on until `allowed.spendUntil`; the rest is about what is left then',
          ),
      })
      .nullable()
      .describe(
        'Paid credit and unused plan days; null until chosen, stays null when there is none',
      ),
    promotional: z
      .object({ disposition: z.enum(['move', 'give-up']), toLineId: z.string().optional() })
      .nullable(),
    shared: z
      .object({ disposition: z.enum(['return', 'stay']) })
      .nullish()
      .describe('Credit that other lines put in without a rule: its owner agrees for them'),
    exchange: z
      .object({ into: currencyCode })
      .nullish()
      .describe('Small balances are changed at `allowed.exchange`; absent: each currency alone'),
    texts: z
      .literal(true)
      .optional()
      .describe('Calls and data end at `endsAt`; texts arrive, free, until `allowed.textsUntil`'),
    endsOn: z.iso
      .date()
      .nullish()
      .describe(
        'Service ends at 23:59 of this day, in the time zone of the policy, and not before it may; null or absent: as soon as possible',
      ),
  })
  .meta({ id: 'ClosureChoices' })

export const quoteEntryWire = z
  .object({
    kind: z.enum([
      'paid-credit',
      'account-credit',
      'plan-days',
      'addon',
      'promotional-credit',
      'disputed-credit',
      'becomes-owed',
      'exchanged-from',
      'exchanged-into',
      'arrears-paid',
      'early-fee',
      'refund-fee',
      'late-usage-reserve',
      'late-usage',
      'disputed',
      'charged-back',
      'refund',
      'payout',
      'unclaimed',
      'moved',
      'kept',
      'share-returned',
      'donated',
      'promotion-forfeited',
    ]),
    lineId: z.string().nullable(),
    detail: z
      .record(z.string(), z.string())
      .describe('daysLeft, daysTotal, instrument, toLineName; source: where the rule comes from …'),
    amount: moneyWire,
  })
  .meta({ id: 'QuoteEntry' })

const goingOnWire = z.object({
  lineId: z.string(),
  name: z.string(),
  planEnds: instantWire.nullable().describe('Its last paid day, where nothing renews'),
  renews: z
    .object({
      times: z.int(),
      first: instantWire,
      price: moneyWire.describe('Each time, as of now'),
      comesBack: z.boolean().describe('What of the last one is unused on the day'),
    })
    .nullable(),
})

export const quoteWire = z
  .object({
    hash: z
      .string()
      .describe('Give it back when submitting; it changes when anything on the quote changes'),
    validUntil: instantWire,
    immediate: z.boolean().describe('Service ends as soon as the closure is confirmed'),
    endsAt: instantWire.describe(
      'When service ends at the latest, and after which nothing can be undone',
    ),
    bound: z
      .array(
        z.object({
          lineId: z.string(),
          until: instantWire,
          source: z.string().describe('Empty where the contract alone asks for a notice'),
          why: z.enum(['term', 'notice']).optional().describe('Absent: a term'),
        }),
      )
      .optional()
      .describe(
        'Lines that a minimum term or a notice binds: until then they go on, and are paid for, as before',
      ),
    ownDay: z
      .object({
        on: z.iso.date(),
        until: instantWire.describe('Later than this only where `endsAt` is'),
        lines: z.array(goingOnWire),
      })
      .optional()
      .describe('The day that was chosen: until then lines go on, and are paid for, as before'),
    goingOn: z
      .array(goingOnWire)
      .optional()
      .describe('What lines that are bound do until `endsAt`, where no day was chosen'),
    withdrawUntil: instantWire
      .optional()
      .describe('The contract was just made: until then nothing is kept for leaving, by law'),
    currencies: z.array(
      z.object({
        currency: z.string(),
        sources: z.array(quoteEntryWire),
        destinations: z.array(quoteEntryWire),
        sourcesTotal: moneyWire,
        destinationsTotal: moneyWire.nullable().describe('Null until every choice is made'),
        refund: moneyWire,
        owedAfter: moneyWire.optional().describe('What is still to be paid once all is settled'),
      }),
    ),
    refundTo: z
      .array(
        z.object({
          orderId: z.string(),
          instrument: z.string().describe('visa 4471'),
          amount: moneyWire,
        }),
      )
      .describe('Refunds go only to instruments that paid before'),
    refundBy: instantWire.nullable(),
    choicesNeeded: z.array(z.enum(['paid', 'promotional', 'shared', 'reason'])),
    allowed: z.object({
      paid: z.array(dispositionWire),
      spendUntil: instantWire
        .nullish()
        .describe('Until when credit can be spent first; null where that is not offered'),
      textsUntil: instantWire
        .nullish()
        .describe('Until when an ended line can go on receiving texts; null: not offered'),
      endsOn: z
        .object({ from: z.iso.date(), to: z.iso.date() })
        .nullish()
        .describe('Days there are to choose from; null once it is submitted'),
      promotional: z.array(z.enum(['move', 'give-up'])),
      moveTo: z.array(z.object({ lineId: z.string(), name: z.string() })),
      shared: z
        .array(z.object({ lineId: z.string(), name: z.string(), amount: moneyWire }))
        .optional()
        .describe('Of the credit, what these lines put in and nobody said yet who keeps'),
      exchange: z
        .array(
          z.object({
            into: z.string(),
            parts: z.array(
              z.object({
                from: moneyWire,
                becomes: moneyWire.describe('Rounded half up to a whole minor unit'),
                rate: z.string().describe('Units of `into` for one unit of the other currency'),
                source: z.string(),
                asOf: instantWire,
                validUntil: instantWire,
              }),
            ),
          }),
        )
        .optional()
        .describe('Small balances that can be changed into the currency of a refund'),
    }),
    numberKeptUnusedUntil: instantWire.nullable(),
    others: z
      .array(
        z.object({
          lineId: z.string(),
          name: z.string(),
          before: moneyWire.describe('What its next period would cost if nothing closed'),
          after: moneyWire,
          percentBefore: z.int(),
          percentAfter: z.int(),
          from: instantWire.nullable().describe('Null: its first period has not begun'),
        }),
      )
      .optional()
      .describe(
        'Lines that stay, where their multi-line discount changes; agreed to with the hash',
      ),
  })
  .meta({ id: 'ClosureQuote' })
