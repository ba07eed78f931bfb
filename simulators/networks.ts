/** Real mobile networks a phone can visit: country, MCC, MNC and name. */
import table from './networks.json' with { type: 'json' }

export type Network = { country: string; mcc: string; mnc: string; name: string }

export const networks: readonly Network[] = Object.entries(table).flatMap(([country, list]) =>
  list.map(([mcc = '', mnc = '', name = '']) => ({ country, mcc, mnc, name })),
)

export const countries: readonly string[] = Object.keys(table)

export const firstIn = (country: string): Network | undefined =>
  networks.find((network) => network.country === country)

/** Finds the network of `23415` or `234-15`; an unlisted MNC in a listed country counts as a network there. */
export function networkOf(mccmnc: string): Network | undefined {
  const [, mcc, mnc] = /^(\d{3})-?(\d{2,3})$/.exec(mccmnc) ?? []
  if (mcc === undefined || mnc === undefined) return undefined
  const exact = networks.find((network) => network.mcc === mcc && network.mnc === mnc)
  if (exact) return exact
  const country = networks.find((network) => network.mcc === mcc)?.country
  return country ? { country, mcc, mnc, name: `${mcc}-${mnc}` } : undefined
}
