/** What an SMF asks in the bench: sessions of create, update and release, on lines taken at random. */
import type { Charger, Taken } from '../../src/usage/nchf/batch-store.ts'
import { isProblem } from '../../src/usage/nchf/problem.ts'
import type { Asked } from '../../src/usage/nchf/request.ts'
import { imsiOf } from '../charging/world.ts'

export const home = { mcc: '440', mnc: '10' }
export const abroad = { mcc: '404', mnc: '10' }
export const usedBytes = { update: 1_600_000, release: 700_000 }
const wanted = 2_000_000n

/** Numbers that look random and are the same in every run. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export type Session = { line: number; isAbroad: boolean }

export function sessionOf(random: () => number, lines: number): Session {
  return { line: Math.floor(random() * lines), isAbroad: random() < 0.1 }
}

let requests = 0

export function askedOf({ line, isAbroad }: Session, used: number, wants: boolean): Asked {
  requests += 1
  const one = { quantity: BigInt(used), startedUs: undefined, endedUs: undefined, plmn: undefined }
  return {
    sequence: requests,
    invokedUs: Date.now() * 1000,
    contentHash: `${process.pid}-${requests}-`.padEnd(43, 'x'),
    identity: { kind: 'imsi', value: imsiOf(line) },
    plmn: isAbroad ? abroad : home,
    event: undefined,
    groups: [
      {
        ratingGroup: 1,
        kind: 'data',
        requested: wants ? wanted : undefined,
        used: used > 0 ? [one] : [],
      },
    ],
  }
}

export type Load = { seconds: number; callers: number; lines: number; seed: number }
export type Outcome = {
  perSecond: number
  p50: number
  p99: number
  sessions: number
  cpuUs: number
}

/** Callers that each send the next request when the last was answered. */
export async function drive(charger: Charger, { seconds, callers, lines, seed }: Load) {
  const tookMs: number[] = []
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  const before = process.cpuUsage()
  let sessions = 0
  const timed = async (answer: Promise<Taken | { cause: string }>): Promise<Taken> => {
    const sentAt = performance.now()
    const taken = await answer
    tookMs.push(performance.now() - sentAt)
    if (isProblem(taken)) throw new Error(`refused: ${taken.cause}`)
    return taken as Taken
  }
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const random = randomOf(seed * 1000 + caller)
      while (performance.now() < end) {
        const session = sessionOf(random, lines)
        const { ref } = await timed(charger.create(askedOf(session, 0, true)))
        await timed(charger.update(ref, askedOf(session, usedBytes.update, true)))
        await timed(charger.release(ref, askedOf(session, usedBytes.release, false)))
        sessions += 1
      }
    }),
  )
  const { user, system } = process.cpuUsage(before)
  return {
    ...summed(tookMs, performance.now() - startedAt),
    sessions,
    cpuUs: (user + system) / tookMs.length,
  }
}

export function summed(tookMs: number[], elapsedMs: number) {
  tookMs.sort((a, b) => a - b)
  const at = (part: number) => tookMs[Math.floor(tookMs.length * part)] ?? 0
  return { perSecond: (tookMs.length / elapsedMs) * 1000, p50: at(0.5), p99: at(0.99) }
}
