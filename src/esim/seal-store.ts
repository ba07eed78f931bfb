/** What profiles hold that no table may hold readable: keys, what downloads them, and codes that phones are asked for. */
import { createHmac } from 'node:crypto'
import type { App } from '../platform/app.ts'
import { seal, sealIvBytes, sealKey, unsealByAny } from '../platform/seal.ts'

/** `about` is the row and the column: moved to another one it does not open. */
export function sealed(app: Pick<App, 'config' | 'ids'>, about: string, value: unknown): string {
  const key = sealKey(app.config.masterKey, 'profile')
  return seal(key, app.ids.random(sealIvBytes), about, JSON.stringify(value))
}

export function openSealed(app: Pick<App, 'config'>, about: string, text: string): unknown {
  return JSON.parse(unsealByAny(app.config, 'profile', about, text))
}

/** The same seal where the current master key made it; else a new one. */
export function sealedAnew(app: Pick<App, 'config' | 'ids'>, about: string, text: string): string {
  try {
    unsealByAny({ masterKey: app.config.masterKey }, 'profile', about, text)
    return text
  } catch {
    return sealed(app, about, openSealed(app, about, text))
  }
}

const matchingPrefix = 'm1.'
const matchingAbout = 'matching id'

/** Whoever has a matching id may download; it is looked up too, so the same one always has the same seal. */
export function sealedMatchingId(masterKey: Uint8Array, matchingId: string): string {
  const iv = createHmac('sha256', sealKey(masterKey, 'matching iv')).update(matchingId).digest()
  const key = sealKey(masterKey, 'matching')
  return matchingPrefix + seal(key, iv.subarray(0, sealIvBytes), matchingAbout, matchingId)
}

/** What it may be stored as: a former master key may have sealed it. */
export const matchingIdSeals = (
  { masterKey, formerMasterKeys = [] }: Pick<App['config'], 'masterKey' | 'formerMasterKeys'>,
  matchingId: string,
): string[] => [masterKey, ...formerMasterKeys].map((key) => sealedMatchingId(key, matchingId))

export function openMatchingId(app: Pick<App, 'config'>, text: string): string {
  // A node of an older version that still runs writes it readable; the next upgrade seals it.
  if (!text.startsWith(matchingPrefix)) return text
  return unsealByAny(app.config, 'matching', matchingAbout, text.slice(matchingPrefix.length))
}

export const matchingIdSealedAnew = (app: Pick<App, 'config'>, text: string): string =>
  sealedMatchingId(app.config.masterKey, openMatchingId(app, text))

/** Answers of ES2+ name matching ids, answers of ES9+ what a line is called. */
export const answerSeal = (about: string): string => `${about} answer`
