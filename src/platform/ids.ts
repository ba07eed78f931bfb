/** Makes identifiers; the only place that draws random bytes for them. */
import { randomBytes } from 'node:crypto'

export type Ids = {
  make<Kind extends string = string>(prefix: string): Kind
  random(size: number): Uint8Array
}

/** Makes prefixed UUIDv7 (RFC 9562 §5.7) from a clock and a source of random bytes. */
export function openIds(nowMs: () => number, bytes: (size: number) => Uint8Array): Ids {
  return {
    random: bytes,
    make<Kind extends string>(prefix: string) {
      const raw = Buffer.alloc(16)
      raw.writeUIntBE(nowMs(), 0, 6)
      Buffer.from(bytes(10)).copy(raw, 6)
      raw[6] = (raw[6]! & 0x0f) | 0x70
      raw[8] = (raw[8]! & 0x3f) | 0x80
      return `${prefix}_${raw.toString('hex')}` as Kind
    },
  }
}

export function systemIds(): Ids {
  return openIds(() => Date.now(), pooledBytes())
}

const poolBytes = 4096

// A call to the operating system costs far more than the few bytes of an id, a key or an IV.
function pooledBytes(): (size: number) => Uint8Array {
  let pool: Buffer = Buffer.alloc(0)
  return (size) => {
    if (size > poolBytes / 16) return randomBytes(size)
    if (pool.length < size) pool = randomBytes(poolBytes)
    const taken = pool.subarray(0, size)
    pool = pool.subarray(size)
    return taken
  }
}
