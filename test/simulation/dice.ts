/** Chance that can be repeated: each roll is a pure function of the seed and of what it is rolled for. */
export type Dice = {
  /** 0 ≤ roll < 1, always the same for the same words. */
  roll(...about: (string | number)[]): number
  happens(probability: number, ...about: (string | number)[]): boolean
  /** A whole number, both ends included. */
  between(low: number, high: number, ...about: (string | number)[]): number
  pick<Item>(from: readonly Item[], ...about: (string | number)[]): Item
  /** The next bytes of one stream, for identifiers. */
  bytes(size: number): Uint8Array
}

export function dice(seed: number): Dice {
  const roll = (...about: (string | number)[]) => hash53(about.join(' '), seed) / 2 ** 53
  let drawn = 0
  return {
    roll,
    happens: (probability, ...about) => roll(...about) < probability,
    between: (low, high, ...about) => low + Math.floor(roll(...about) * (high - low + 1)),
    pick: (from, ...about) => from[Math.floor(roll(...about) * from.length)]!,
    bytes(size) {
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; at += 1) bytes[at] = Math.floor(roll('bytes', drawn++) * 256)
      return bytes
    },
  }
}

/** Two multiplicative hashes of 32 bits, mixed to 53: fast, even, and the same on every machine. */
function hash53(text: string, seed: number): number {
  let high = 0xdeadbeef ^ seed
  let low = 0x41c6ce57 ^ seed
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}
