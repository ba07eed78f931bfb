/** The rate on a table that holds many millions of records already, against an empty one, with its indexes on. */
import { takeFile } from './charging.ts'
import { openWorld, proveLines, seedLines, startMs, type World } from './charging/world.ts'
import { type Bench, median } from './contract.ts'

const lines = 100_000
const count = 200_000

/** Usage of earlier months for every line, as charging would have left it; in sets, indexes first dropped, then made. */
async function fill({ query }: World, rows: number, progress: (part: number) => void) {
  const perLine = Math.ceil(rows / lines)
  await query('drop index usage_record_line')
  await query('alter table usage_record drop constraint usage_record_pkey')
  const step = Math.max(1, Math.floor(1_000_000 / lines))
  for (let from = 0; from < perLine; from += step) {
    await query(
      `insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
        outcome, currency, received_at)
      select i.subscriber_id, 'use_' || lpad(to_hex(extract(epoch from t)::int8 * 1000), 12, '0') || right(i.line_id, 20),
        i.line_id, 'data', 500000, t, t + interval '1 minute', '440', '10', 'JP', 'charged', 'GBP', t
      from generate_series(${from}, ${Math.min(from + step, perLine) - 1}) as n
      cross join lateral (select timestamptz '${new Date(startMs).toISOString()}' - interval '29 days'
        + n * interval '100 seconds' as t) as at
      cross join line_index i`,
    )
    progress((from + step) / perLine)
  }
  await query('alter table usage_record add primary key (subscriber_id, usage_id)')
  await query('create index usage_record_line on usage_record (line_id, started_at desc)')
  await query('analyze usage_record')
  return perLine * lines
}

export const bench: Bench = {
  name: 'charging-growth',
  summary: 'a file into a table of 25 million records, against an empty table; at least 0.85',
  async run({ rows, rounds, progress }) {
    const [empty, grown] = [await openWorld(), await openWorld()]
    try {
      for (const world of [empty, grown]) await seedLines(world, 0, lines)
      const held = await fill(grown, rows ?? 25_000_000, (part) =>
        progress(part * 0.5, 'earlier records are made'),
      )
      const pairs: { small: number; large: number }[] = []
      for (let round = 0; round <= rounds; round += 1) {
        const before = round * Math.ceil(count / lines)
        const at = (part: number) => 0.5 + ((round + part) / (rounds + 1)) * 0.5
        // Each round begins with an empty table on the one side.
        await empty.query('truncate usage_record')
        const small = await takeFile(empty, { count, lines, before }, (part) =>
          progress(at(part / 2), `round ${round}: empty table`),
        )
        const large = await takeFile(grown, { count, lines, before }, (part) =>
          progress(at(0.5 + part / 2), `round ${round}: grown table`),
        )
        if (round > 0) pairs.push({ small: small.perSecond, large: large.perSecond })
      }
      await proveLines(grown)
      const { rows: found } = await grown.query('select count(*)::int8 as n from usage_record')
      if (found[0].n !== BigInt(held + (rounds + 1) * count)) throw new Error('records are missing')
      const grownToEmpty = median(pairs.map(({ small, large }) => large / small))
      const figures = {
        grownPerSecond: median(pairs.map(({ large }) => large)),
        emptyPerSecond: median(pairs.map(({ small }) => small)),
        recordsHeld: held,
      }
      const shown = (value: number) => Math.round(value).toLocaleString('en')
      return {
        figures,
        ratios: { grownToEmpty },
        marks: [{ ratio: 'grownToEmpty', atLeast: 0.85 }],
        table: [
          ['', 'records/s', 'to empty'],
          [`${shown(held)} records`, shown(figures.grownPerSecond), grownToEmpty.toFixed(2)],
          ['empty table', shown(figures.emptyPerSecond), '1.00'],
        ],
      }
    } finally {
      await Promise.all([empty.close(), grown.close()])
    }
  },
}
