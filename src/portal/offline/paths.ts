/** Which addresses are the portal's pages: those the service worker may answer without a network. */

const pages = [
  'account',
  'act',
  'c',
  'checkout',
  'close',
  'closures',
  'credit',
  'delete-guide',
  'freeze',
  'help',
  'install-guide',
  'lines',
  'orders',
  'phone-check',
  'plans',
  'sign-in',
  'statement',
  'take-number',
  'verify',
  'welcome',
]
const page = new RegExp(`^/(?:$|(?:${pages.join('|')})(?:/|$))`)

export function isPortalPage(pathname: string): boolean {
  return page.test(pathname)
}
