/** Which country a visited network is in, by its MCC and, where one MCC serves several, its MNC (ITU-T E.212). */
import table from './catalog/networks.json' with { type: 'json' }

const byMcc: Readonly<Record<string, string>> = table.mcc
const byNetwork: Readonly<Record<string, string>> = table.network

/** ISO 3166-1 alpha-2, or nothing for a network nobody sells. */
export function countryOf(mcc: string, mnc: string): string | undefined {
  if (!/^\d{3}$/.test(mcc) || !/^\d{2,3}$/.test(mnc)) return undefined
  const network = `${mcc}-${mnc}`
  if (Object.hasOwn(byNetwork, network)) return byNetwork[network]
  return Object.hasOwn(byMcc, mcc) ? byMcc[mcc] : undefined
}

export const knownCountries: readonly string[] = [
  ...new Set([...Object.values(byMcc), ...Object.values(byNetwork)]),
].sort()
