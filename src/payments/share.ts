/** Whose a line's credit is: what other lines put in and what is left of it, where every use takes of all parts alike. */
import { type Money, money } from '../values/money.ts'

/** What is left of a part when its line closes comes back to where it came from, or stays; pinned when it was moved. */
export type AtClosing = 'returns' | 'stays'

/** Null: nobody said when it was moved, so the closure asks. */
export type Share = { fromLineId: string; atClosing: AtClosing | null; amount: Money }

/** Credit that came to a line or was moved on, and by how much all else changed its credit until the next of them. */
export type Movement = {
  lineId: string
  currency: string
  /** What came, or below zero what was moved on. */
  put: bigint
  /** The other line; null: it came from a payment. */
  otherLineId: string | null
  atClosing: AtClosing | null
  rest: bigint
}

type Part = { fromLineId: string; atClosing: AtClosing | null; minor: bigint }
type Pot = { own: bigint; parts: Part[] }
const empty: Pot = { own: 0n, parts: [] }

/**
 * What is left of each part, by line. The movements of one owner in order, of a move first where it left. With the
 * line's own the parts are its credit, and what does not divide is its own.
 */
export function sharesIn(movements: readonly Movement[]): ReadonlyMap<string, Share[]> {
  const pots = new Map<string, Pot>()
  const codes = new Map<string, string>()
  // Of what is moved now, what was the other line's already: it comes home, and makes nobody a part.
  let home = 0n
  for (const { lineId, currency, put: minor, otherLineId, atClosing, rest } of movements) {
    codes.set(lineId, currency)
    let pot = pots.get(lineId) ?? empty
    if (minor < 0n) {
      home = smaller(partsOf(pot, otherLineId), -minor)
      pot = changed(taken(pot, otherLineId, home), minor + home)
    } else if (otherLineId === null) {
      pot = { ...pot, own: pot.own + minor }
    } else {
      pot = put(
        { ...pot, own: pot.own + home },
        { fromLineId: otherLineId, atClosing, minor: minor - home },
      )
      home = 0n
    }
    pots.set(lineId, changed(pot, rest))
  }
  return new Map([...pots].map(([lineId, pot]) => [lineId, sharesOf(pot, codes.get(lineId)!)]))
}

function sharesOf({ parts }: Pot, code: string): Share[] {
  return parts.flatMap(({ minor, ...part }) =>
    minor > 0n ? [{ ...part, amount: money(minor, code) }] : [],
  )
}

function partsOf({ parts }: Pot, fromLineId: string | null): bigint {
  return parts.reduce((sum, part) => (part.fromLineId === fromLineId ? sum + part.minor : sum), 0n)
}

function taken(pot: Pot, fromLineId: string | null, amount: bigint): Pot {
  let open = amount
  const parts = pot.parts.map((part) => {
    const back = part.fromLineId === fromLineId ? smaller(part.minor, open) : 0n
    open -= back
    return { ...part, minor: part.minor - back }
  })
  return { own: pot.own, parts }
}

function put({ own, parts }: Pot, { fromLineId, atClosing, minor }: Part): Pot {
  // What the line had used beyond its own is paid first.
  const short = own < 0n ? smaller(-own, minor) : 0n
  const isSame = (part: Part) => part.fromLineId === fromLineId && part.atClosing === atClosing
  const before = parts.find(isSame)?.minor ?? 0n
  const part = { fromLineId, atClosing, minor: before + minor - short }
  return { own: own + short, parts: [...parts.filter((one) => !isSame(one)), part] }
}

function changed({ own, parts }: Pot, by: bigint): Pot {
  const before = parts.reduce((total, { minor }) => total + minor, own)
  if (by === 0n || before <= 0n) return { own: own + by, parts }
  const after = before + by
  const left = after > 0n ? after : 0n
  const kept = parts.map((part) => ({ ...part, minor: (part.minor * left) / before }))
  return { own: after - kept.reduce((total, { minor }) => total + minor, 0n), parts: kept }
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b)
