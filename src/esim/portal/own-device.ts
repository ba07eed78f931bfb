/** What the page is read on, as far as it says so. */
export type System = 'ios' | 'android' | 'other'

export function ownDevice(): System {
  if (/iPhone|iPad/.test(navigator.userAgent)) return 'ios'
  return /Android/.test(navigator.userAgent) ? 'android' : 'other'
}

/** An EID as it stands on the box and in the settings: gaps are forgiven. */
export const digitsOf = (typed: string): string => typed.replaceAll(/[\s-]/g, '')
