/** The number of an eUICC, without anything that only a server has: pages check it as well. */

/** 32 digits that leave 1 when divided by 97 (SGP.29 §3.1, ISO/IEC 7064 MOD 97-10). */
export function isEid(text: string): boolean {
  return /^\d{32}$/.test(text) && BigInt(text) % 97n === 1n
}
