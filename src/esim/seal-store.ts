/** What profiles hold that no table may hold readable: keys, and codes that phones are asked for. */
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
