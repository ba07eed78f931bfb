/** When an account closes its sessions end; the tab remembers the reference, so that the way leads
 * to the public page. */
const name = 'violet.farewell'

export function rememberReference({
  reference,
  state,
}: {
  reference: string
  state: string
}): void {
  if (state === 'withdrawn' || state === 'rejected') sessionStorage.removeItem(name)
  else sessionStorage.setItem(name, reference)
}

export function rememberedReference(): string | null {
  return sessionStorage.getItem(name)
}
