/** The usual way, at its best: one SQL function call for each record, 16 connections, prepared, its own lean tables. */
import pg from 'pg'
import { taxOfCountry } from '../../src/ledger/tax.ts'
import { countryOf } from '../../src/plans/networks.ts'
import type { Usage, World } from './world.ts'

const connections = 16

/**
 * The same rows as charging writes, with the keys and the account index but without triggers or foreign keys: balance and
 * overdraft are looked after by the function, so that nothing holds the naive way back that it does not need.
 */
const tables = `
  create table if not exists naive_usage_record (like usage_record including all);
  create table if not exists naive_transfer (like ledger_transfer including all);
  create table if not exists naive_posting (like ledger_posting including all);
  create table if not exists naive_purse (like purse including defaults including storage) with (fillfactor = 50);
  alter table naive_purse add primary key (subscriber_id, line_id, currency);
  insert into naive_purse select * from purse;
  create or replace function naive_charge(p_imsi text, p_usage text, p_kind text, p_quantity int8, p_started timestamptz,
    p_ended timestamptz, p_mcc text, p_mnc text, p_country text, p_covered boolean, p_price int8, p_block int8,
    p_transfer text, p_tax_rate int8) returns boolean language plpgsql as $$
  declare
    l record; p record; taken int8 := 0; blocks int8; cost int8 := 0; promo int8; rest int8; left_over int8; tax int8;
    k text := p_kind || ':' || p_price;
  begin
    select i.subscriber_id, i.line_id, n.currency into l
      from line_index i join line n on n.subscriber_id = i.subscriber_id and n.line_id = i.line_id where i.imsi = p_imsi;
    if not found then return false; end if;
    select * into p from naive_purse where subscriber_id = l.subscriber_id and line_id = l.line_id and currency = l.currency
      for update;
    if exists (select from naive_usage_record where subscriber_id = l.subscriber_id and usage_id = p_usage) then
      return false; end if;
    if p_covered and p.kinds[1] = p_kind then taken := least(p_quantity, p.remaining[1]); end if;
    rest := p_quantity - taken;
    left_over := coalesce((p.started ->> k)::int8, 0);
    if rest > 0 then
      blocks := (greatest(rest - left_over, 0) + p_block - 1) / p_block;
      cost := blocks * p_price;
      left_over := left_over + blocks * p_block - rest;
      if cost > p.promotional_minor + p.paid_minor then raise exception 'insufficient'; end if;
    end if;
    promo := least(cost, p.promotional_minor);
    update naive_purse set version = version + 1, remaining[1] = remaining[1] - taken,
      promotional_minor = promotional_minor - promo, paid_minor = paid_minor - (cost - promo),
      spent_minor = spent_minor + cost,
      started = case when rest > 0 then started || jsonb_build_object(k, left_over::text) else started end
      where subscriber_id = l.subscriber_id and line_id = l.line_id and currency = l.currency;
    if cost > 0 then
      -- What promotional credit pays carries no tax.
      tax := (2 * (cost - promo) * p_tax_rate + 10000 + p_tax_rate) / (2 * (10000 + p_tax_rate));
      insert into naive_transfer values (l.subscriber_id, p_transfer, 'usage:' || p_usage, 'usage',
        jsonb_build_object('usageId', p_usage, 'kind', p_kind, 'country', p_country, 'quantity', p_quantity::text)
        || case when tax > 0 then jsonb_build_object('taxCountry', 'GB', 'taxRate', (p_tax_rate / 100)::text)
           else '{}' end, now());
      if promo > 0 then insert into naive_posting
        values (l.subscriber_id, p_transfer, 0, 'promotional-credit', l.line_id, l.currency, -promo); end if;
      if cost > promo then insert into naive_posting
        values (l.subscriber_id, p_transfer, 1, 'paid-credit', l.line_id, l.currency, promo - cost); end if;
      insert into naive_posting values (l.subscriber_id, p_transfer, 2, 'usage-revenue', '', l.currency, cost - tax);
      if tax > 0 then insert into naive_posting
        values (l.subscriber_id, p_transfer, 3, 'tax-payable', '', l.currency, tax); end if;
    end if;
    insert into naive_usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc,
      country, outcome, from_bucket, charged_minor, absorbed_minor, currency, received_at, transfer_id)
    values (l.subscriber_id, p_usage, l.line_id, p_kind, p_quantity, p_started, p_ended, p_mcc, p_mnc, p_country,
      'charged', taken, cost, 0, l.currency, now(), case when cost > 0 then p_transfer end);
    return true;
  end $$;`

export async function prepareNaive({ query }: World): Promise<void> {
  await query('drop table if exists naive_purse')
  await query(tables)
}

const prices = { JP: { data: 3n, voice: 15n, sms: 10n }, IN: { data: 10n, voice: 30n, sms: 20n } }
const blocks = { data: 1_000_000n, voice: 60n, sms: 1n }

/** Over `usages`, each in a transaction of its own; the first tenth warms up. */
export async function runNaive({ url, app, cpuUs }: World, usages: readonly Usage[]) {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  const { rate: taxRate } = taxOfCountry('GB', app.clock.now())
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  const call = async (client: pg.PoolClient, one: Usage) => {
    const country = countryOf(one.mcc, one.mnc) as keyof typeof prices
    const { rows } = await client.query<{ done: boolean }>({
      name: 'naive',
      text: 'select naive_charge($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14) as done',
      values: [
        one.imsi,
        one.id,
        one.kind,
        one.quantity,
        new Date(one.startedMs).toISOString(),
        new Date(one.endedMs).toISOString(),
        one.mcc,
        one.mnc,
        country,
        country === 'JP',
        prices[country][one.kind],
        blocks[one.kind],
        app.ids.make('transfer'),
        taxRate,
      ],
    })
    if (rows[0]?.done !== true) throw new Error('the naive way lost a record')
  }
  const drain = async (part: readonly Usage[]) => {
    let next = 0
    await Promise.all(
      clients.map(async (client) => {
        while (next < part.length) await call(client, part[next++]!)
      }),
    )
  }
  const warm = Math.floor(usages.length / 10)
  await drain(usages.slice(0, warm))
  const [startedAt, before] = [performance.now(), cpuUs()]
  await drain(usages.slice(warm))
  const seconds = (performance.now() - startedAt) / 1000
  const after = cpuUs()
  for (const client of clients) client.release()
  await pool.end()
  const count = usages.length - warm
  const spentUs = after.node - before.node + after.server - before.server
  return { perSecond: count / seconds, cpuUs: spentUs / count }
}
